//! The list of cameras, for whoever wants to know whether ours is there, and alone.

use std::io::{self, Write};
use std::process::ExitCode;

use lenscap_libpipewire::{Library, Properties, cameras};
use lenscap_wire::pipewire::{GraphCamera, GraphCameras};

use crate::sandbox;

/// Prints them in one line.
pub(crate) fn run() -> ExitCode {
    let printed = list().and_then(|cameras| {
        let line = serde_json::to_string(&cameras).map_err(io::Error::other)?;
        writeln!(io::stdout(), "{line}")
    });
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the cameras in PipeWire: {error}");
            ExitCode::FAILURE
        }
    }
}

fn list() -> io::Result<GraphCameras> {
    let library = Library::load().map_err(io::Error::other)?;
    sandbox::enter();
    let cameras = cameras::list(library, "Lenscap", false)?;
    Ok(GraphCameras(cameras.iter().map(|camera| graph_camera(&camera.properties)).collect()))
}

fn graph_camera(properties: &Properties) -> GraphCamera {
    let text = |name| lenscap_text::name(properties.get(name).unwrap_or_default()).into();
    GraphCamera {
        name: text(cameras::NAME),
        description: text(cameras::DESCRIPTION),
        priority: properties.number(cameras::PRIORITY).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_camera_says_is_cleaned() {
        let said = [(cameras::NAME, "lenscap"), (cameras::DESCRIPTION, "A\u{1b}B"), (cameras::PRIORITY, "1200")];
        let properties = said.into_iter().map(|(name, value)| (name, value.as_bytes().to_vec())).collect();
        let camera = GraphCamera { name: "lenscap".into(), description: "A B".into(), priority: 1200 };
        assert_eq!(graph_camera(&properties), camera);
    }
}
