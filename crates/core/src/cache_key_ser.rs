//! The serde side of [`crate::cache_key`]: a serializer that feeds a hash instead of writing bytes. Every value is
//! preceded by a tag of its shape and, where it has one, its length, so that no two values give the same bytes.

use std::fmt;

use serde::ser::{self, Serialize};

/// What a failing `Serialize` says.
#[derive(Debug)]
pub(crate) struct KeyError(String);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for KeyError {}

impl ser::Error for KeyError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// How many bytes are gathered before they are hashed: enough chunks of 1 KiB for BLAKE3 to take several at once.
const GATHERED: usize = 16 * 1024;

/// A hash that is fed by many small pieces, of which each alone costs more than its bytes do.
pub(crate) struct Gatherer {
    gathered: Vec<u8>,
    /// Has what no longer had room. It is large, and most values never need it.
    hasher: Option<Box<blake3::Hasher>>,
}

impl Gatherer {
    pub(crate) fn new() -> Self {
        Self { gathered: Vec::with_capacity(1024), hasher: None }
    }

    #[inline]
    fn update(&mut self, bytes: &[u8]) -> &mut Self {
        if self.gathered.len() + bytes.len() > GATHERED {
            self.flush(bytes);
        } else {
            self.gathered.extend_from_slice(bytes);
        }
        self
    }

    #[cold]
    fn flush(&mut self, bytes: &[u8]) {
        let hasher = self.hasher.get_or_insert_default();
        hasher.update(&self.gathered);
        self.gathered.clear();
        if bytes.len() > GATHERED {
            hasher.update(bytes);
        } else {
            self.gathered.extend_from_slice(bytes);
        }
    }

    /// The hash of what came since the last one.
    pub(crate) fn finish(&mut self) -> [u8; 32] {
        let hash = match self.hasher.take() {
            None => blake3::hash(&self.gathered),
            Some(mut hasher) => hasher.update(&self.gathered).finalize(),
        };
        self.gathered.clear();
        *hash.as_bytes()
    }
}

pub(crate) struct KeySerializer<'a> {
    hasher: &'a mut Gatherer,
}

impl<'a> KeySerializer<'a> {
    pub(crate) fn new(hasher: &'a mut Gatherer) -> Self {
        Self { hasher }
    }

    fn bytes(self, tag: u8, bytes: &[u8]) -> Result<(), KeyError> {
        self.hasher.update(&head(tag, bytes.len())).update(bytes);
        Ok(())
    }

    fn compound(self, tag: u8, name: &str) -> Compound<'a> {
        self.hasher.update(&head(tag, name.len())).update(name.as_bytes());
        Compound { hasher: self.hasher, members: 0 }
    }
}

/// A tag and the length of what follows.
#[inline]
fn head(tag: u8, length: usize) -> [u8; 9] {
    let [a, b, c, d, e, f, g, h] = (length as u64).to_le_bytes();
    [tag, a, b, c, d, e, f, g, h]
}

macro_rules! fixed_width {
    ($($method:ident $type:ty, $tag:literal;)*) => {$(
        fn $method(self, value: $type) -> Result<(), KeyError> {
            self.hasher.update(&[$tag]).update(&value.to_le_bytes());
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for KeySerializer<'a> {
    type Ok = ();
    type Error = KeyError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = MapHasher<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fixed_width! {
        serialize_i8 i8, 1; serialize_i16 i16, 2; serialize_i32 i32, 3; serialize_i64 i64, 4; serialize_i128 i128, 5;
        serialize_u8 u8, 6; serialize_u16 u16, 7; serialize_u32 u32, 8; serialize_u64 u64, 9; serialize_u128 u128, 10;
        serialize_f32 f32, 11; serialize_f64 f64, 12;
    }

    fn serialize_bool(self, value: bool) -> Result<(), KeyError> {
        self.bytes(13, &[u8::from(value)])
    }

    fn serialize_char(self, value: char) -> Result<(), KeyError> {
        self.bytes(14, &u32::from(value).to_le_bytes())
    }

    fn serialize_str(self, value: &str) -> Result<(), KeyError> {
        self.bytes(15, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), KeyError> {
        self.bytes(16, value)
    }

    fn serialize_none(self) -> Result<(), KeyError> {
        self.bytes(17, &[])
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), KeyError> {
        self.hasher.update(&[18]);
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), KeyError> {
        self.bytes(19, &[])
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), KeyError> {
        self.bytes(20, name.as_bytes())
    }

    fn serialize_unit_variant(self, name: &'static str, _: u32, variant: &'static str) -> Result<(), KeyError> {
        self.compound(21, name).done(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), KeyError> {
        let mut compound = self.compound(22, name);
        compound.member(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), KeyError> {
        let mut compound = self.compound(23, name);
        compound.member(variant)?;
        compound.member(value)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, KeyError> {
        Ok(self.compound(24, ""))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, KeyError> {
        Ok(self.compound(25, ""))
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, KeyError> {
        Ok(self.compound(26, name))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, KeyError> {
        let mut compound = self.compound(27, name);
        compound.member(variant)?;
        Ok(compound)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapHasher<'a>, KeyError> {
        Ok(MapHasher { hasher: self.hasher, entry: Gatherer::new(), open: false, entries: Vec::new() })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, KeyError> {
        Ok(self.compound(29, name))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, KeyError> {
        let mut compound = self.compound(30, name);
        compound.member(variant)?;
        Ok(compound)
    }
}

/// Members one after another; their number closes the compound.
pub(crate) struct Compound<'a> {
    hasher: &'a mut Gatherer,
    members: u64,
}

impl Compound<'_> {
    fn member<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        self.members += 1;
        value.serialize(KeySerializer { hasher: self.hasher })
    }

    fn done(mut self, variant: &str) -> Result<(), KeyError> {
        self.member(variant)
    }

    fn close(self) {
        self.hasher.update(&head(31, self.members as usize));
    }
}

macro_rules! members {
    ($($trait:ident $method:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = KeyError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
                self.member(value)
            }

            fn end(self) -> Result<(), KeyError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

members!(
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
);

macro_rules! fields {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = KeyError;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), KeyError> {
                self.member(name)?;
                self.member(value)
            }

            fn end(self) -> Result<(), KeyError> {
                self.close();
                Ok(())
            }
        }
    )*};
}

fields!(SerializeStruct, SerializeStructVariant);

/// Hashes each entry apart and feeds the sorted hashes, so that the order of a map's entries does not count.
pub(crate) struct MapHasher<'a> {
    hasher: &'a mut Gatherer,
    entry: Gatherer,
    open: bool,
    entries: Vec<[u8; 32]>,
}

impl ser::SerializeMap for MapHasher<'_> {
    type Ok = ();
    type Error = KeyError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), KeyError> {
        if self.open {
            // The key before had no value.
            self.entry.finish();
        }
        key.serialize(KeySerializer { hasher: &mut self.entry })?;
        self.open = true;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), KeyError> {
        if !std::mem::take(&mut self.open) {
            return Err(KeyError("a map's value came before its key".into()));
        }
        value.serialize(KeySerializer { hasher: &mut self.entry })?;
        self.entries.push(self.entry.finish());
        Ok(())
    }

    fn end(mut self) -> Result<(), KeyError> {
        self.entries.sort_unstable();
        self.hasher.update(&[28]).update(&(self.entries.len() as u64).to_le_bytes());
        for entry in &self.entries {
            self.hasher.update(entry);
        }
        Ok(())
    }
}
