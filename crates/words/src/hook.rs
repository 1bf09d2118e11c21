//! What is wrong with a hook.

use lenscap_core::hook::Hook;
use lenscap_core::trouble::hook::HookTrouble;

use crate::cause::why;
use crate::trf;

/// One sentence with the next step.
pub fn sentence(hook: Hook, trouble: &HookTrouble) -> String {
    let name = hook.as_str();
    match trouble {
        HookTrouble::HookMissing { cause: _ } => {
            trf!("The program of the hook \"{name}\" is not there: correct its path under [hooks].", name = name)
        }
        HookTrouble::HookForbidden { cause: _ } => {
            trf!("The program of the hook \"{name}\" cannot be executed: make it executable (chmod +x).", name = name)
        }
        HookTrouble::HookStart { cause } => {
            trf!(
                "The hook \"{name}\" cannot be run{why}: try its command in a terminal.",
                name = name,
                why = why(cause)
            )
        }
        HookTrouble::HookLate { seconds } => trf!(
            "The hook \"{name}\" took longer than {seconds} s and was ended: let it start what takes longer with systemd-run.",
            name = name,
            seconds = seconds
        ),
        HookTrouble::HookFlood { bytes } => trf!(
            "The hook \"{name}\" printed more than {bytes} bytes and was cut off: let it print less.",
            name = name,
            bytes = bytes
        ),
        HookTrouble::HookFailed { status } => trf!(
            "The hook \"{name}\" failed with status {status}: try its command in a terminal.",
            name = name,
            status = status
        ),
        HookTrouble::HookKilled => {
            trf!("The hook \"{name}\" was ended by a signal: try its command in a terminal.", name = name)
        }
    }
}
