"""A stand-in for xdg-desktop-portal, as far as global shortcuts go; prints each call: its method and its caller.
    portal_stand_in.py new     as 1.21: no session without an application's id, which a connection says first or never
    portal_stand_in.py strict  as 1.21, where the id is refused: no such desktop file is installed
    portal_stand_in.py silent  takes everything and never answers a request
    portal_stand_in.py deaf    answers no call at all"""

import sys

from gi.repository import Gio, GLib

XML = """<node><interface name="org.freedesktop.host.portal.Registry">
<method name="Register"><arg type="s" direction="in"/><arg type="a{sv}" direction="in"/></method></interface>
<interface name="org.freedesktop.portal.GlobalShortcuts"><property name="version" type="u" access="read"/>
<method name="CreateSession"><arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method>
<method name="BindShortcuts"><arg type="o" direction="in"/><arg type="a(sa{sv})" direction="in"/><arg type="s" direction="in"/>
<arg type="a{sv}" direction="in"/><arg type="o" direction="out"/></method></interface></node>"""
PATH = "/org/freedesktop/portal/desktop"
ERROR = "org.freedesktop.portal.Error"


class Portal:
    def __init__(self, kind):
        self.kind = kind
        self.bus = Gio.bus_get_sync(Gio.BusType.SESSION)
        # A caller's id is looked up with its first call: "" where it has said none.
        self.ids = {}
        for interface in Gio.DBusNodeInfo.new_for_xml(XML).interfaces:
            self.bus.register_object(PATH, interface, self.called, self.asked, None)
        Gio.bus_own_name_on_connection(self.bus, "org.freedesktop.portal.Desktop", Gio.BusNameOwnerFlags.NONE, None, None)

    def asked(self, _connection, sender, *_):
        self.ids.setdefault(sender, "")
        return GLib.Variant("u", 1)

    def called(self, _connection, sender, _path, _interface, method, arguments, call):
        print(method, sender, flush=True)
        if self.kind == "deaf":
            return
        getattr(self, method)(sender, arguments.unpack(), call)

    def Register(self, sender, arguments, call):
        if self.kind == "strict" or sender in self.ids:
            return call.return_dbus_error(f"{ERROR}.Failed", "Could not register app ID")
        self.ids[sender] = arguments[0]
        call.return_value(None)

    def CreateSession(self, sender, arguments, call):
        if not self.ids.setdefault(sender, ""):
            return call.return_dbus_error(f"{ERROR}.NotAllowed", "An app id is required")
        session = f"{PATH}/session/{sender[1:].replace('.', '_')}/{arguments[0]['session_handle_token']}"
        self.respond(sender, arguments[0], call, {"session_handle": GLib.Variant("s", session)})

    def BindShortcuts(self, sender, arguments, call):
        given = [(name, {"trigger_description": GLib.Variant("s", "Ctrl+Alt+C")}) for name, _ in arguments[1]]
        self.respond(sender, arguments[3], call, {"shortcuts": GLib.Variant("a(sa{sv})", given)})

    def respond(self, sender, options, call, results):
        request = f"{PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token']}"
        call.return_value(GLib.Variant("(o)", (request,)))
        if self.kind != "silent":
            response = GLib.Variant("(ua{sv})", (0, results))
            self.bus.emit_signal(sender, request, "org.freedesktop.portal.Request", "Response", response)


portal = Portal(sys.argv[1])
GLib.MainLoop().run()
