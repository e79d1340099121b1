//! The form that a reply must have.

use ninefold_core::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use smol_str::SmolStr;

use super::{repair, without_nulls};

/// What a reply's JSON must be like: a JSON Schema with a name.
#[derive(Debug, Clone)]
pub struct Shape {
    name: SmolStr,
    schema: Value,
    #[cfg(feature = "validate")]
    validator: std::sync::Arc<jsonschema::Validator>,
}

impl Shape {
    /// A form by its JSON Schema. The name is for the provider: letters, digits, `_` and `-`, at most 64; what is not is
    /// left out.
    ///
    /// # Errors
    /// `InvalidInput` when the schema is no object, or, with the feature `validate`, no valid JSON Schema.
    pub fn new(name: &str, schema: Value) -> Result<Self> {
        let invalid = |what: String| Error::new(ErrorKind::InvalidInput, what);
        if !schema.is_object() {
            return Err(invalid("a JSON Schema for a reply must be an object".to_owned()));
        }
        let name: String =
            name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(64).collect();
        let name = if name.is_empty() { SmolStr::new_static("reply") } else { name.into() };
        #[cfg(feature = "validate")]
        let validator = jsonschema::validator_for(&schema)
            .map_err(|error| invalid(format!("the schema {name:?} for a reply is not valid: {error}")))?
            .into();
        Ok(Self {
            name,
            schema,
            #[cfg(feature = "validate")]
            validator,
        })
    }

    /// The form that `T` has.
    ///
    /// # Errors
    /// As [`Shape::new`].
    #[cfg(feature = "schema")]
    pub fn of<T: schemars::JsonSchema>() -> Result<Self> {
        Self::new(&T::schema_name(), schemars::schema_for!(T).to_value())
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &SmolStr {
        &self.name
    }

    /// The JSON Schema.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// Reads what a model wrote: near-JSON is repaired, nulls for absent members are taken out, and it must be a `T` (and,
    /// with the feature `validate`, valid by the schema).
    ///
    /// # Errors
    /// `MalformedReply` that says what is wrong, fit to be told to the model.
    pub fn read<T: DeserializeOwned>(&self, text: &str) -> Result<T> {
        let json = repair(text)?;
        let mut value: Value = serde_json::from_str(&json).map_err(|error| not_as_asked(&error))?;
        without_nulls(&mut value, &self.schema);
        self.check(&value)?;
        serde_json::from_value(value).map_err(|error| not_as_asked(&error))
    }

    #[cfg(feature = "validate")]
    fn check(&self, value: &Value) -> Result<()> {
        let mut errors = self.validator.iter_errors(value).take(5).map(|error| {
            let place = error.instance_path().to_string();
            if place.is_empty() { error.to_string() } else { format!("at {place}: {error}") }
        });
        match errors.next() {
            None => Ok(()),
            Some(first) => Err(not_as_asked(&errors.fold(first, |all, next| format!("{all}; {next}")))),
        }
    }

    #[cfg(not(feature = "validate"))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps)]
    fn check(&self, _: &Value) -> Result<()> {
        Ok(())
    }
}

fn not_as_asked(why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::MalformedReply, format!("the model's reply is not of the form asked for: {why}"))
}
