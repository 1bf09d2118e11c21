//! To values on D-Bus.

use std::fmt::Display;

use glib::variant::ToVariant as _;
use glib::{Variant, VariantTy};
use serde::Serialize;
use serde::ser::{Error, Impossible, SerializeMap, SerializeSeq, SerializeStruct, Serializer};

use crate::FormError;

/// Makes one value; `None` where there is none, so that its entry is left out.
pub struct ToVariant;

type Made = Result<Option<Variant>, FormError>;
type Never = Impossible<Option<Variant>, FormError>;

fn no_form<T>(what: impl Display) -> Result<T, FormError> {
    Err(FormError::custom(format_args!("{what} has no form on D-Bus")))
}

impl Serializer for ToVariant {
    type Ok = Option<Variant>;
    type Error = FormError;
    type SerializeSeq = List;
    type SerializeMap = Dictionary;
    type SerializeStruct = Dictionary;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeStructVariant = Never;

    fn serialize_bool(self, value: bool) -> Made {
        Ok(Some(value.to_variant()))
    }

    fn serialize_i8(self, value: i8) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Made {
        Ok(Some(value.to_variant()))
    }

    fn serialize_u8(self, value: u8) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Made {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Made {
        Ok(Some(value.to_variant()))
    }

    fn serialize_u64(self, value: u64) -> Made {
        self.serialize_i64(i64::try_from(value).unwrap_or(i64::MAX))
    }

    fn serialize_f32(self, value: f32) -> Made {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Made {
        Ok(Some(value.to_variant()))
    }

    fn serialize_char(self, value: char) -> Made {
        Ok(Some(value.to_string().to_variant()))
    }

    fn serialize_str(self, value: &str) -> Made {
        Ok(Some(value.to_variant()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Made {
        no_form("a row of bytes")
    }

    fn serialize_none(self) -> Made {
        Ok(None)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Made {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Made {
        Ok(None)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Made {
        no_form(name)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Made {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Made {
        let made = value.serialize(self)?;
        Ok(made.map(|made| match VariantTy::new(name) {
            Ok(of) if of.is_array() && made.type_().is_array() && made.n_children() == 0 => {
                Variant::array_from_iter_with_type(of.element(), [] as [Variant; 0])
            }
            _ => made,
        }))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: &T,
    ) -> Made {
        no_form(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List, FormError> {
        Ok(List(Vec::new()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Never, FormError> {
        no_form("a tuple")
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Never, FormError> {
        no_form(name)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Never, FormError> {
        no_form(variant)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Dictionary, FormError> {
        Ok(Dictionary::default())
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Dictionary, FormError> {
        Ok(Dictionary::default())
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Never, FormError> {
        no_form(variant)
    }
}

/// The elements so far.
pub struct List(Vec<Variant>);

impl SerializeSeq for List {
    type Ok = Option<Variant>;
    type Error = FormError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormError> {
        match value.serialize(ToVariant)? {
            Some(value) => self.0.push(value),
            None => return no_form("an element without a value"),
        }
        Ok(())
    }

    fn end(self) -> Made {
        let of = self.0.first().map_or(VariantTy::STRING, Variant::type_);
        Ok(Some(match self.0.iter().all(|value| value.type_() == of) {
            true => Variant::array_from_iter_with_type(of, &self.0),
            false => Variant::array_from_iter_with_type(VariantTy::VARIANT, self.0.iter().map(Variant::from_variant)),
        }))
    }
}

/// The entries so far, in the type's order: what is equal has equal bytes.
#[derive(Default)]
pub struct Dictionary {
    entries: Vec<Variant>,
    key: Option<Variant>,
}

impl Dictionary {
    fn end(self) -> Made {
        Ok(Some(Variant::array_from_iter_with_type(VariantTy::VARDICT.element(), &self.entries)))
    }
}

impl SerializeMap for Dictionary {
    type Ok = Option<Variant>;
    type Error = FormError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), FormError> {
        self.key = key.serialize(ToVariant)?.filter(|key| key.is_type(VariantTy::STRING));
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), FormError> {
        let Some(key) = self.key.take() else { return no_form("a key that is no text") };
        let value = value.serialize(ToVariant)?;
        self.entries.extend(value.map(|value| Variant::from_dict_entry(&key, &value.to_variant())));
        Ok(())
    }

    fn end(self) -> Made {
        self.end()
    }
}

impl SerializeStruct for Dictionary {
    type Ok = Option<Variant>;
    type Error = FormError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), FormError> {
        self.serialize_entry(key, value)
    }

    fn end(self) -> Made {
        self.end()
    }
}
