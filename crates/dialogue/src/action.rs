//! Actions: what the host does for a flow, as async Rust closures with typed inputs and outputs.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use ninefold_core::{Cx, Error, ErrorKind, Result, SessionId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use smol_str::SmolStr;

/// One call of an action.
#[derive(Clone)]
pub struct Call {
    /// The key of this call: the same when it is tried again, whether at once or after a crash; another for every other call. Hand it to
    /// whoever must not do the work twice.
    pub key: String,
    /// The session it is for.
    pub session: SessionId,
    /// The turn of the session, from 1.
    pub turn: u64,
    /// Which try this is, from 1.
    pub attempt: u8,
    /// The run's context: deadline, cancellation, scope, budget.
    pub cx: Cx,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("key", &self.key).field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

type Handler = Arc<dyn Fn(Map<String, Value>, Call) -> BoxFuture<'static, Result<Map<String, Value>>> + Send + Sync>;

/// The actions of a host, by name.
#[derive(Clone, Default)]
pub struct Actions {
    handlers: HashMap<SmolStr, Handler>,
}

impl fmt::Debug for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.handlers.keys()).finish()
    }
}

impl Actions {
    /// Adds an action. Its inputs are read into `In`, its outputs are the fields of `Out`; `()` for none.
    pub fn add<In, Out, F, Fut>(&mut self, name: impl Into<SmolStr>, action: F)
    where
        In: DeserializeOwned,
        Out: Serialize,
        F: Fn(In, Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Out>> + Send + 'static,
    {
        let name: SmolStr = name.into();
        let of = name.clone();
        let handler: Handler = Arc::new(move |inputs, call| {
            let read = serde_json::from_value::<In>(Value::Object(inputs)).map_err(|error| {
                Error::new(ErrorKind::InvalidInput, format!("the inputs of action {of:?} do not fit its type"))
                    .hint("compare the action's inputs in the definition with the type that it takes")
                    .caused_by(error)
            });
            let work = read.map(|inputs| action(inputs, call));
            let of = of.clone();
            Box::pin(async move {
                let output = work?.await?;
                fields(&format_args!("action {of:?}"), output)
            })
        });
        self.handlers.insert(name, handler);
    }

    /// Whether there is an action of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.handlers.contains_key(name)
    }

    pub(crate) fn call(
        &self,
        name: &str,
        inputs: Map<String, Value>,
        call: Call,
    ) -> Result<BoxFuture<'static, Result<Map<String, Value>>>> {
        let handler = self.handlers.get(name).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("the host has no action {name:?}"))
                .hint("register it where the dialogue is built")
        })?;
        Ok(handler(inputs, call))
    }
}

/// The fields of what somebody gives; none for nothing.
pub(crate) fn fields<Out: Serialize>(of: &dyn fmt::Display, output: Out) -> Result<Map<String, Value>> {
    match serde_json::to_value(output) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(other) => {
            Err(Error::new(ErrorKind::InvalidInput, format!("{of} gave {}, and not an object", kind_of(&other)))
                .hint("give a struct, or a map, whose fields are the outputs or slots"))
        }
        Err(error) => Err(Error::new(ErrorKind::InvalidInput, format!("what {of} gave is no JSON"))
            .hint("its Serialize implementation must succeed, and map keys must be strings")
            .caused_by(error)),
    }
}

pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
