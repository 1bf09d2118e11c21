//! GStreamer's elements: made, set and looked into without a crash, whatever the user wrote.

use std::path::PathBuf;

use gst::prelude::*;

use lenscap_core::trouble::Trouble;

/// An element by name.
///
/// # Errors
/// When it is not installed.
pub(crate) fn make(name: &str) -> Result<gst::Element, Trouble> {
    gst::ElementFactory::make(name).build().map_err(|_| Trouble::ElementMissing { element: name.into() })
}

/// Whether an element is installed.
pub(super) fn has(name: &str) -> bool {
    gst::ElementFactory::find(name).is_some()
}

/// Sets a property from text; unlike GStreamer's own function it survives what the user wrote.
pub(super) fn set(element: &gst::Element, property: &str, value: &str) -> Result<(), Trouble> {
    let name = element.factory().map(|factory| factory.name()).unwrap_or_default();
    let refused =
        || Trouble::PropertyRefused { element: name.as_str().into(), property: property.into(), value: value.into() };
    let spec = element.find_property(property).ok_or_else(refused)?;
    if spec.value_type() == glib::Type::STRING {
        element.set_property(property, value);
        return Ok(());
    }
    let value = glib::Value::deserialize_with_pspec(value, &spec).map_err(|_| refused())?;
    element.set_property_from_value(property, &value);
    Ok(())
}

/// What a property that names the camera says: text, or one of a list.
pub(super) fn chosen(element: &gst::Element, property: &str) -> Option<String> {
    element.find_property(property)?;
    let value = element.property_value(property);
    match glib::EnumValue::from_value(&value) {
        Some((_, chosen)) => Some(chosen.nick().to_owned()),
        None => value.get::<Option<String>>().ok().flatten(),
    }
}

/// The V4L2 nodes that elements in a user's own bin will open.
pub(crate) fn nodes(element: &gst::Element) -> Vec<PathBuf> {
    let Some(bin) = element.downcast_ref::<gst::Bin>() else { return Vec::new() };
    let elements = bin.iterate_recurse().into_iter().flatten();
    elements
        .filter(|element| element.factory().is_some_and(|factory| factory.name() == "v4l2src"))
        .filter_map(|element| element.property::<Option<String>>("device"))
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_take_what_fits_and_refuse_the_rest() {
        gst::init().unwrap();
        let element = make("videotestsrc").unwrap();
        set(&element, "pattern", "snow").unwrap();
        assert!(set(&element, "pattern", "nonsense").is_err());
        assert!(set(&element, "no-such-property", "1").is_err());
        assert!(set(&element, "num-buffers", "many").is_err());
    }
}
