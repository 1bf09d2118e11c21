//! From values on D-Bus.

use glib::{Variant, VariantClass, VariantTy};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::FormError;

/// Says what the value is; the type that reads it takes that, or refuses.
pub struct FromVariant(pub Variant);

impl IntoDeserializer<'_, FormError> for FromVariant {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The value as this type, which it has by its class.
fn get<T: glib::variant::FromVariant>(value: &Variant) -> Result<T, FormError> {
    value.get().ok_or_else(|| FormError::custom("not of its class"))
}

impl<'de> Deserializer<'de> for FromVariant {
    type Error = FormError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        let value = &self.0;
        match value.classify() {
            VariantClass::Boolean => visitor.visit_bool(get(value)?),
            VariantClass::Byte => visitor.visit_u8(get(value)?),
            VariantClass::Int16 => visitor.visit_i16(get(value)?),
            VariantClass::Uint16 => visitor.visit_u16(get(value)?),
            VariantClass::Int32 => visitor.visit_i32(get(value)?),
            VariantClass::Uint32 => visitor.visit_u32(get(value)?),
            VariantClass::Int64 => visitor.visit_i64(get(value)?),
            VariantClass::Uint64 => visitor.visit_u64(get(value)?),
            VariantClass::Double => visitor.visit_f64(get(value)?),
            VariantClass::String | VariantClass::ObjectPath | VariantClass::Signature => {
                visitor.visit_str(value.str().unwrap_or_default())
            }
            VariantClass::Variant => FromVariant(value.child_value(0)).deserialize_any(visitor),
            VariantClass::Array if value.type_().element().is_dict_entry() => {
                let entries = value.iter().map(|it| (FromVariant(it.child_value(0)), FromVariant(it.child_value(1))));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            VariantClass::Array | VariantClass::Tuple => {
                visitor.visit_seq(SeqDeserializer::new(value.iter().map(FromVariant)))
            }
            _ => Err(FormError::custom(format!("a value of type {}", value.type_()))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, FormError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FormError> {
        // In a dictionary it is a variant in a variant.
        let word = if self.0.is_type(VariantTy::VARIANT) { self.0.child_value(0) } else { self.0 };
        visitor.visit_enum(get::<String>(&word)?.into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
