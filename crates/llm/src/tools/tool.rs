//! What a model can have called: a name, a schema, and a function from JSON to text.

use std::future::Future;
#[cfg(feature = "schema")]
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::{Cx, Labels, Result, ToolSpec};
#[cfg(feature = "schema")]
use ninefold_core::{Error, ErrorKind};
#[cfg(feature = "schema")]
use schemars::JsonSchema;
#[cfg(feature = "schema")]
use serde::de::DeserializeOwned;
use serde_json::Value;
use smol_str::SmolStr;

/// Something that a model can have called.
#[async_trait]
pub trait Tool: Send + Sync {
    /// How the model sees it.
    fn spec(&self) -> &ToolSpec;

    /// The labels that a run's scope must grant before the tool is shown or called.
    fn labels(&self) -> Labels {
        Labels::none()
    }

    /// Calls it. The arguments are a JSON object that a model wrote: of any form, whatever the schema says. Dropping the
    /// future stops the work.
    ///
    /// # Errors
    /// Whatever went wrong, in words that the model can act on: it is given back to the model.
    async fn call(&self, arguments: Value, cx: &Cx) -> Result<String>;
}

#[async_trait]
impl<T: Tool + ?Sized> Tool for Arc<T> {
    fn spec(&self) -> &ToolSpec {
        (**self).spec()
    }

    fn labels(&self) -> Labels {
        (**self).labels()
    }

    async fn call(&self, arguments: Value, cx: &Cx) -> Result<String> {
        (**self).call(arguments, cx).await
    }
}

/// Where tools come from that can change while a program runs: a server.
#[async_trait]
pub trait ToolSource: Send + Sync {
    /// What a tool's name begins with when another tool has it already: `name_tool`.
    fn name(&self) -> &str;

    /// The tools there are now. Asked before each call of the model.
    ///
    /// # Errors
    /// When they cannot be known.
    async fn tools(&self, cx: &Cx) -> Result<Vec<Arc<dyn Tool>>>;
}

#[async_trait]
impl<T: ToolSource + ?Sized> ToolSource for Arc<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    async fn tools(&self, cx: &Cx) -> Result<Vec<Arc<dyn Tool>>> {
        (**self).tools(cx).await
    }
}

/// A tool whose schema is written by hand; its function reads the JSON itself. `tool` makes one of a type.
pub fn json_tool<F, Fut, R>(
    name: impl Into<SmolStr>,
    description: impl Into<String>,
    schema: Value,
    function: F,
) -> JsonTool<F>
where
    F: Fn(Value, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<R>> + Send,
    R: Into<String>,
{
    let spec = ToolSpec { name: name.into(), description: description.into(), schema };
    JsonTool { spec, labels: Labels::none(), function }
}

/// What [`json_tool`] makes.
pub struct JsonTool<F> {
    spec: ToolSpec,
    labels: Labels,
    function: F,
}

impl<F> JsonTool<F> {
    /// Sets the labels that a run must be granted.
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }
}

#[async_trait]
impl<F, Fut, R> Tool for JsonTool<F>
where
    F: Fn(Value, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<R>> + Send,
    R: Into<String>,
{
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn labels(&self) -> Labels {
        self.labels.clone()
    }

    async fn call(&self, arguments: Value, cx: &Cx) -> Result<String> {
        (self.function)(arguments, cx.clone()).await.map(Into::into)
    }
}

/// A typed function as a tool. The schema comes from the type of its input, the descriptions of the arguments from the
/// comments on its fields. Arguments that do not fit the type never reach the function: the model is told what is wrong.
///
/// ```
/// use ninefold_llm::tools::tool;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct City {
///     /// Its name, with the country where it is not unique.
///     name: String,
/// }
///
/// let weather = tool("weather", "Tells the weather of today", |city: City, _| async move {
///     Ok(format!("It rains in {}.", city.name))
/// });
/// # use ninefold_llm::tools::Tool as _;
/// # assert_eq!(weather.spec().schema["required"][0], "name");
/// ```
#[cfg(feature = "schema")]
pub fn tool<Input, F, Fut, R>(
    name: impl Into<SmolStr>,
    description: impl Into<String>,
    function: F,
) -> TypedTool<Input, F>
where
    Input: DeserializeOwned + JsonSchema + Send,
    F: Fn(Input, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<R>> + Send,
    R: Into<String>,
{
    let spec = ToolSpec { name: name.into(), description: description.into(), schema: schema_of::<Input>() };
    TypedTool { spec, labels: Labels::none(), function, input: PhantomData }
}

/// The schema of a type, in one piece: providers know no references but those of a recursive type.
#[cfg(feature = "schema")]
fn schema_of<Input: JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<Input>().to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("title");
        // An input without fields has no properties, which some providers want to see.
        if schema.get("type").is_some_and(|kind| kind == "object" || kind == "null") {
            schema.insert("type".to_owned(), "object".into());
            schema.entry("properties").or_insert_with(|| Value::Object(serde_json::Map::new()));
        }
    }
    schema
}

/// What `tool` makes.
#[cfg(feature = "schema")]
pub struct TypedTool<Input, F> {
    spec: ToolSpec,
    labels: Labels,
    function: F,
    input: PhantomData<fn(Input)>,
}

#[cfg(feature = "schema")]
impl<Input, F> TypedTool<Input, F> {
    /// Sets the labels that a run must be granted.
    #[must_use]
    pub fn labels(mut self, labels: Labels) -> Self {
        self.labels = labels;
        self
    }
}

/// Up to so many bytes of schema are told with an error about arguments.
#[cfg(feature = "schema")]
const TOLD: usize = 2 * 1024;

#[cfg(feature = "schema")]
#[async_trait]
impl<Input, F, Fut, R> Tool for TypedTool<Input, F>
where
    Input: DeserializeOwned + JsonSchema + Send,
    F: Fn(Input, Cx) -> Fut + Send + Sync,
    Fut: Future<Output = Result<R>> + Send,
    R: Into<String>,
{
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn labels(&self) -> Labels {
        self.labels.clone()
    }

    async fn call(&self, arguments: Value, cx: &Cx) -> Result<String> {
        let nothing = arguments.as_object().is_some_and(serde_json::Map::is_empty);
        let input = serde_json::from_value::<Input>(arguments).or_else(|error| {
            // A type without fields is written as null.
            if nothing { serde_json::from_value(Value::Null).map_err(|_| error) } else { Err(error) }
        });
        let input = input.map_err(|error| {
            let told = Error::new(ErrorKind::InvalidInput, format!("the arguments do not fit: {error}"));
            let schema = self.spec.schema.to_string();
            if schema.len() <= TOLD { told.hint(format!("the schema is {schema}")) } else { told }
        })?;
        (self.function)(input, cx.clone()).await.map(Into::into)
    }
}
