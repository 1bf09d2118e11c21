//! What the engine's reactor knows its descriptors by.

use crate::reactor;
use lenscap_core::presence::Role;

/// A descriptor that somebody else watches through the engine, by a number of its own; see [`super::Engine::watch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerToken(pub u32);

/// A descriptor of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineToken {
    /// The camera process's stderr and its end.
    Worker,
    /// The camera process's messages, frames above all.
    WorkerSocket,
    /// Cameras that come and go.
    CameraWatch,
    /// Opens and closes of USB cameras.
    Sensors,
    /// The directory in which an outlet's node is to appear.
    NodeWatch(Role),
    /// Opens, closes and streams at an outlet's node.
    Detector(Role),
    /// Cards that are drawn.
    Cards,
    /// Not of the engine.
    Owner(OwnerToken),
}

impl reactor::Token for EngineToken {
    fn to_u64(self) -> u64 {
        let (kind, detail) = match self {
            Self::Worker => (0, 0),
            Self::WorkerSocket => (1, 0),
            Self::CameraWatch => (2, 0),
            Self::Sensors => (3, 0),
            Self::NodeWatch(role) => (4, role.index()),
            Self::Detector(role) => (5, role.index()),
            Self::Owner(OwnerToken(number)) => (6, number),
            Self::Cards => (7, 0),
        };
        (u64::from(detail) << 8) | kind
    }

    fn from_u64(number: u64) -> Option<Self> {
        let detail = u32::try_from(number >> 8).ok()?;
        let role = || Role::ALL.get(detail as usize).copied();
        Some(match number & 0xff {
            0 => Self::Worker,
            1 => Self::WorkerSocket,
            2 => Self::CameraWatch,
            3 => Self::Sensors,
            4 => Self::NodeWatch(role()?),
            5 => Self::Detector(role()?),
            6 => Self::Owner(OwnerToken(detail)),
            7 => Self::Cards,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reactor::Token as _;

    #[test]
    fn a_token_comes_back_as_it_was() {
        let mut all = vec![
            EngineToken::Worker,
            EngineToken::WorkerSocket,
            EngineToken::CameraWatch,
            EngineToken::Sensors,
            EngineToken::Cards,
        ];
        all.extend(Role::ALL.into_iter().flat_map(|role| [EngineToken::NodeWatch(role), EngineToken::Detector(role)]));
        all.extend([0, 1, u32::MAX].map(|number| EngineToken::Owner(OwnerToken(number))));
        for token in &all {
            assert_eq!(EngineToken::from_u64(token.to_u64()), Some(*token));
        }
        assert_eq!([EngineToken::from_u64(8), EngineToken::from_u64(4 | (9 << 8))], [None, None]);
    }
}
