//! What else people call a setting: the window's search finds it by these words, too.

use crate::tr;

/// The words for the row with this name, which is the setting's, as in "camera.width"; empty: its title says it all.
pub fn also(row: &str) -> String {
    // TRANSLATORS: each of these lists is for the search only: give the words that people of your language would type for
    // this setting
    match row {
        "camera.source" => tr("webcam, device, input, IPU6, built-in"),
        "camera.width" => tr("quality, size, sharpness, HD, 4K"),
        "camera.framerate" => tr("quality, fps, smooth, frame rate"),
        "camera.mirror" => tr("flip, swap, selfie"),
        "camera.rotation" => tr("turn, upside down, orientation, portrait"),
        "camera.zoom" => tr("crop, framing, larger, closer"),
        "camera.pan_x" | "camera.pan_y" => tr("move, position, center"),
        "camera.buffer_count" => tr("latency, delay, stutter"),
        "privacy.activation_delay_ms" => tr("wait, start, on"),
        "privacy.cooldown_ms" => tr("wait, off, LED, light"),
        "privacy.start_paused" => tr("off, login"),
        "privacy.pause_while_locked" => tr("lock screen, away"),
        "privacy.watch_other_cameras" => tr("indicator, LED, direct"),
        "privacy.sandbox" => tr("security, sandbox"),
        "privacy.shortcut" => tr("key, hotkey, mute, toggle"),
        "privacy.card" | "privacy.picture" => tr("background, image, placeholder, card"),
        "apps.unknown" | "apps.allow" | "apps.ask" | "apps.always_ask" | "apps.block" | "privacy.blocked" => {
            tr("deny, forbid, permission, app")
        }
        "history.days" => tr("log, record, past, who"),
        "notifications.activation" | "notifications.failure" | "notifications.busy" | "notifications.toggle" => {
            tr("message, alert, pop-up")
        }
        "device.node" => tr("loopback, v4l2, video"),
        "device.count" | "device.second_node" => tr("two apps, OBS, recorder"),
        "device.label" => tr("rename, title"),
        "device.format" => tr("NV12, color"),
        "output.pipewire" | "output.default_camera" => tr("Flatpak, portal, Firefox"),
        "detection.poll_interval_ms" => tr("CPU, polling"),
        _ => String::new(),
    }
}
