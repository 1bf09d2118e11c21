//! The way round a camera that another program holds: through PipeWire, which may be that program, and shares it.
//!
//! It is taken at once, and kept for a while: the camera itself would be tried in vain first at every start. Where PipeWire
//! does not give it either, the camera itself is the next try again.

use std::time::{Duration, Instant};

use super::source::{Source, Way};
use super::trouble::{Trouble, TroubleKind};

/// How long it is kept; whoever held the camera may have ended by then.
pub const KEPT: Duration = Duration::from_secs(600);

/// Which way the chosen camera is read.
#[derive(Debug, Default)]
pub struct Detour {
    /// The camera that the present start finds held.
    held: Option<Source>,
    /// The camera to take through PipeWire, and since when.
    taken: Option<(Source, Instant)>,
}

impl Detour {
    /// The present start finds this camera held.
    pub fn found_held(&mut self, camera: Source) {
        self.held = Some(camera);
    }

    /// The present start, or what it had started, failed; whether the next one goes round the camera. `is_served`: PipeWire
    /// is there.
    pub fn failed(&mut self, now: Instant, reason: &Trouble, is_served: bool) -> bool {
        let held = self.held.take();
        if self.taken.take().is_some() || reason.kind() != TroubleKind::Busy || !is_served {
            return false;
        }
        self.taken = held.map(|camera| (camera, now));
        self.taken.is_some()
    }

    /// The camera to take through PipeWire in the next start.
    pub fn camera(&mut self, now: Instant) -> Option<Source> {
        self.held = None;
        self.taken.take_if(|(_, since)| now.saturating_duration_since(*since) >= KEPT);
        self.taken.as_ref().map(|(camera, _)| camera.clone())
    }

    /// Another camera, or one that came.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

/// How a camera is read: of these settings, and around one that is held.
pub fn way(configured: &Source, is_around: bool) -> Option<Way> {
    match configured {
        _ if is_around => Some(Way::PipewireForBusy),
        Source::PipeWire(_) => Some(Way::Pipewire),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> Source {
        Source::Libcamera(Some("front".into()))
    }

    fn busy() -> Trouble {
        Trouble::CameraBusy { camera: "front".into() }
    }

    #[test]
    fn a_held_camera_is_gone_round_once_and_then_tried_itself_again() {
        let now = Instant::now();
        let mut detour = Detour::default();
        assert_eq!(detour.camera(now), None);
        detour.found_held(camera());
        assert!(detour.failed(now, &busy(), true));
        assert_eq!(detour.camera(now), Some(camera()));
        assert_eq!(detour.camera(now + KEPT / 2), Some(camera()), "the next start, too");
        assert!(!detour.failed(now, &busy(), true), "PipeWire does not have it either");
        assert_eq!(detour.camera(now), None);
        detour.found_held(camera());
        assert!(detour.failed(now, &busy(), true));
    }

    #[test]
    fn nothing_is_gone_round_without_a_server_or_for_another_reason() {
        let now = Instant::now();
        let mut detour = Detour::default();
        assert!(!detour.failed(now, &busy(), true), "no camera that PipeWire could have");
        detour.found_held(camera());
        assert!(!detour.failed(now, &busy(), false));
        assert!(!detour.failed(now, &busy(), true), "that was another start");
        detour.found_held(camera());
        assert!(!detour.failed(now, &Trouble::NoCamera, true));
        detour.found_held(camera());
        assert_eq!(detour.camera(now), None);
        assert!(!detour.failed(now, &busy(), true), "a new start");
    }

    #[test]
    fn it_is_forgotten_after_a_while_or_with_the_camera() {
        let now = Instant::now();
        let mut detour = Detour::default();
        detour.found_held(camera());
        assert!(detour.failed(now, &busy(), true));
        detour.forget();
        assert_eq!(detour.camera(now), None);
        detour.found_held(camera());
        assert!(detour.failed(now, &busy(), true));
        assert_eq!(detour.camera(now + KEPT), None);
    }

    #[test]
    fn the_way_is_worth_a_word_where_it_leads_through_pipewire() {
        assert_eq!(way(&Source::Auto, false), None);
        assert_eq!(way(&Source::Auto, true), Some(Way::PipewireForBusy));
        assert_eq!(way(&Source::PipeWire(None), false), Some(Way::Pipewire));
    }
}
