"""The tray's icons as hosts draw them, how well they can be told from the panel and from each other, and a sheet of all of them.

A host hands the file to its SVG renderer as it is (LXQt, waybar, MATE, sway), or colours it:
- GTK 3 and GNOME Shell (gtkicontheme.c, st-icon-theme.c) include it in a document of their own, whose style fills every path
  with the colour of the text, and those of the classes error, warning and success with theirs. GTK 4.8 does the same; later
  ones apply such a style to the file itself, with a class transparent-fill that fills nothing.
- Plasma (kiconloader.cpp, where the icon theme follows the colour scheme) puts its colours in the place of the style
  whose id is current-color-scheme.
So each icon has a second layer, the class "paper", that is seen only where nothing is coloured: the file's own style fills it,
Plasma replaces that style, GTK 3 makes it the inner of two documents, and later GTK 4 fills it with nothing. With it the
drawing has a light and a dark part, and one of them stands out on any ground. (For Qt's renderer an attribute of an element
outranks the style, all of it: paper has none, and what it has without the style is inherited.)"""

import base64
import os
import re

import gi

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, Gio, GLib  # noqa: E402

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
DIRECTORY = os.path.join(ROOT, "icons/hicolor/symbolic/apps")
STATES = ("capped", "starting", "live", "cooldown", "paused", "asking", "blocked", "attention")
SIZES = (16, 22, 24, 32)


def source(state):
    with open(os.path.join(DIRECTORY, f"io.github.lenscap.Lenscap-{state}-symbolic.svg"), encoding="utf-8") as file:
        return file.read()


def as_it_is(svg):
    return svg


def by_gtk(text, warning="#f57900", error="#cc0000"):
    """GTK 3's Adwaita and GNOME Shell have these colours for warnings and errors, on light and on dark."""
    def look(svg):
        included = base64.b64encode(svg.encode()).decode()
        return ('<svg xmlns="http://www.w3.org/2000/svg" xmlns:xi="http://www.w3.org/2001/XInclude" width="16" height="16">'
                f'<style type="text/css">rect,path,ellipse,circle,polygon {{ fill: {text} !important; }}'
                f' .warning {{ fill: {warning} !important; }} .error {{ fill: {error} !important; }}</style>'
                f'<g opacity="1"><xi:include href="data:text/xml;base64,{included}"/></g></svg>')
    return look


def by_later_gtk(text, warning, error):
    """One document, and the style that GTK 4 gives to librsvg, which wins over the file's own."""
    style = (f"rect,circle,path,.foreground-fill {{ fill: {text} !important; }} .warning {{ fill: {warning} !important; }}"
             f" .error {{ fill: {error} !important; }} .transparent-fill {{ fill: none !important; }}")
    return lambda svg: svg.replace("</style>", f"</style><style>{style}</style>")


def by_plasma(text, neutral="#f67400", negative="#da4453"):
    """Breeze's colours."""
    style = (f".ColorScheme-Text {{ color:{text}; }} .ColorScheme-NeutralText {{ color:{neutral}; }}"
             f" .ColorScheme-NegativeText {{ color:{negative}; }}")
    return lambda svg: re.sub(r'(<style id="current-color-scheme"[^>]*>).*?(?=</style>)', rf"\g<1>{style}", svg, flags=re.S)


# Who draws it, on what, and how.
LOOKS = [(f"as it is: {what}", ground, as_it_is) for what, ground in (
    ("white", "#ffffff"), ("GTK, light", "#f6f5f4"), ("the same, hovered", "#dedddc"), ("middle grey", "#8c8c8c"),
    ("a dark hover", "#5a5a5a"), ("another dark hover", "#434849"), ("GTK, dark", "#2e3436"), ("waybar", "#2b303b"),
    ("LXQt dark, on grey", "#404040"), ("LXQt Arch-Colors", "#041b27"), ("Catppuccin", "#1e1e2e"), ("black", "#000000"))] + [
    ("GTK 3 light", "#f6f5f4", by_gtk("#2e3436")),
    ("GTK 3 dark", "#353535", by_gtk("#eeeeec")),
    ("GNOME Shell", "#000000", by_gtk("#f2f2f2")),
    ("GTK, one colour", "#2e3436", by_gtk("#eeeeec", "#eeeeec", "#eeeeec")),
    ("GTK 4 light", "#fafafa", by_later_gtk("#2e3436", "#ae7b03", "#c01c28")),
    ("GTK 4 dark", "#242424", by_later_gtk("#ffffff", "#f8e45c", "#ff7b63")),
    ("Plasma light", "#eff0f1", by_plasma("#232629")),
    ("Plasma dark", "#31363b", by_plasma("#eff0f1")),
]


def draw(svg, width):
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(svg.encode()))
    return GdkPixbuf.Pixbuf.new_from_stream_at_scale(stream, width, -1, True, None)


def rgb(colour):
    return tuple(int(colour[at:at + 2], 16) for at in (1, 3, 5))


def pixels(svg, size, ground):
    """The drawing over this ground: red, green and blue of each pixel."""
    drawn, ground = draw(svg, size), rgb(ground)
    data, stride = drawn.get_pixels(), drawn.get_rowstride()
    for y in range(size):
        for at in range(y * stride, y * stride + size * 4, 4):
            alpha = data[at + 3] / 255
            yield tuple(data[at + k] * alpha + ground[k] * (1 - alpha) for k in range(3))


def luminance(colour):
    """As WCAG 2 defines it."""
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (k / 255 for k in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def stands_out(svg, size, ground):
    """The contrast that a sixteenth of the square has at least: about what the outline of the camera takes."""
    against = rgb(ground)
    found = sorted((contrast(pixel, against) for pixel in pixels(svg, size, ground)), reverse=True)
    return found[size * size // 16]


def coloured(svg, size, ground):
    """How much of the square has a colour: orange and red are none of a panel's."""
    drawn = (max(pixel) - min(pixel) for pixel in pixels(svg, size, ground))
    bare = max(rgb(ground)) - min(rgb(ground))
    return sum(spread > bare + 80 for spread in drawn) / size ** 2


def difference(one, other, size, ground):
    """How much of the square looks different: another colour, by a quarter of its range."""
    pairs = zip(pixels(one, size, ground), pixels(other, size, ground))
    return sum(max(abs(a - b) for a, b in zip(*pair)) > 64 for pair in pairs) / size ** 2


def sheet(path):
    """Every state on every ground, at every size as it is and at the smallest magnified."""
    label, gap, row, zoom = 190, 8, 72, 4
    groups = [(size, 1) for size in SIZES] + [(SIZES[0], zoom)]
    width = label + sum((size * scale + gap) * len(STATES) + 2 * gap for size, scale in groups)
    texts, icons = [], []
    for number, (name, ground, look) in enumerate(LOOKS):
        top, x = 24 + number * row, label
        ink = "#000000" if luminance(rgb(ground)) > 0.18 else "#ffffff"
        texts.append(f'<rect x="0" y="{top}" width="{width}" height="{row}" fill="{ground}"/>'
                     f'<text x="6" y="{top + row / 2}" fill="{ink}">{name}</text>'
                     f'<text x="6" y="{top + row / 2 + 16}" fill="{ink}">{ground}</text>')
        for size, scale in groups:
            if number == 0 and scale == 1:
                texts.append(f'<text x="{x}" y="16">{size} pixels</text>')
            for state in STATES:
                if number == 0 and scale > 1:
                    texts.append(f'<text x="{x}" y="16">{state}</text>')
                icons.append((draw(look(source(state)), size), x, top + (row - size * scale) // 2, scale))
                x += size * scale + gap
            x += 2 * gap
    height = 24 + len(LOOKS) * row
    picture = draw(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="DejaVu Sans"'
                   f' font-size="12"><rect width="{width}" height="{height}" fill="#ffffff"/>{"".join(texts)}</svg>', width)
    for icon, x, y, scale in icons:
        size = icon.get_width() * scale
        icon.composite(picture, x, y, size, size, x, y, scale, scale, GdkPixbuf.InterpType.NEAREST, 255)
    picture.savev(path, "png", [], [])
