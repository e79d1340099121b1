//! Which tools a model is shown: those in the run's scope, each by a name of its own.

use std::collections::HashSet;
use std::sync::Arc;

use ninefold_core::{Cx, Error, ErrorKind, Result, ToolSpec};
use serde_json::Value;
use smol_str::SmolStr;

use super::{Tool, ToolSource};

/// The most tools a model is shown; what the API of `OpenAI` takes.
pub const MAX_TOOLS: usize = 128;
/// The longest name that providers take.
const NAME: usize = 64;

/// A tool by the name that the model knows it by.
#[derive(Clone)]
pub(super) struct Offered {
    pub(super) name: SmolStr,
    pub(super) tool: Arc<dyn Tool>,
}

impl Offered {
    /// How the model sees it.
    pub(super) fn spec(&self) -> ToolSpec {
        ToolSpec { name: self.name.clone(), ..self.tool.spec().clone() }
    }
}

/// The tools that there are now: an agent's own, and those of its sources.
pub(super) async fn gather(own: &[Arc<dyn Tool>], sources: &[Arc<dyn ToolSource>], cx: &Cx) -> Result<Vec<Offered>> {
    let mut taken = HashSet::new();
    let mut offered = Vec::with_capacity(own.len());
    for tool in own {
        let name = tool.spec().name.clone();
        taken.insert(name.clone());
        offered.push(Offered { name, tool: Arc::clone(tool) });
    }
    for source in sources {
        for tool in source.tools(cx).await? {
            let name = free_name(source.name(), &tool.spec().name, &taken);
            taken.insert(name.clone());
            offered.push(Offered { name, tool });
        }
    }
    Ok(offered)
}

/// Those of them that a run may use.
///
/// # Errors
/// `TooLong` when there are more than [`MAX_TOOLS`].
pub(super) fn visible(offered: &[Offered], cx: &Cx) -> Result<Vec<ToolSpec>> {
    let specs: Vec<ToolSpec> =
        offered.iter().filter(|offered| cx.scope().allows(&offered.tool.labels())).map(Offered::spec).collect();
    if specs.len() > MAX_TOOLS {
        let what = format!("there are {} tools; a model is shown at most {MAX_TOOLS}", specs.len());
        return Err(Error::new(ErrorKind::TooLong, what).hint("give the agent fewer tools, or name those of a server"));
    }
    Ok(specs)
}

/// The tool's own name where that is free and fit, otherwise one with its source's in front, and a number if need be.
fn free_name(source: &str, name: &str, taken: &HashSet<SmolStr>) -> SmolStr {
    let own = fit(name);
    if !own.is_empty() && !taken.contains(&own) {
        return own;
    }
    let prefixed = fit(&format!("{source}_{name}"));
    if !prefixed.is_empty() && !taken.contains(&prefixed) {
        return prefixed;
    }
    let stem: String = prefixed.chars().take(NAME - 8).collect();
    let mut numbered = (2_u32..).map(|n| SmolStr::new(format!("{stem}_{n}")));
    // There are more numbers than tools.
    numbered.find(|name| !taken.contains(name)).unwrap_or(prefixed)
}

/// A name as providers take it: letters, digits, `_` and `-`, at most 64.
fn fit(name: &str) -> SmolStr {
    let fits = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    name.chars().take(NAME).map(fits).collect()
}

/// Refuses tools that no provider would take, or of which one would hide another.
pub(super) fn check(tools: &[Arc<dyn Tool>]) -> Result<()> {
    let wrong = |what: String, hint: &str| Err(Error::new(ErrorKind::InvalidInput, what).hint(hint));
    let mut names = HashSet::new();
    for tool in tools {
        let ToolSpec { name, description, schema } = tool.spec();
        if name.is_empty() || fit(name) != *name {
            let what = format!("a tool cannot be called {name:?}");
            return wrong(what, "use letters, digits, _ and -, at most 64 of them");
        }
        if !names.insert(name.clone()) {
            return wrong(format!("two tools are called {name}"), "rename one of them");
        }
        if description.trim().is_empty() {
            return wrong(format!("the tool {name} has no description"), "say what it does and when to use it");
        }
        if schema.get("type").and_then(Value::as_str) != Some("object") {
            let what = format!("the arguments of the tool {name} are no JSON object by its schema");
            return wrong(what, "make its input a struct with named fields");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_clash_are_prefixed_and_then_numbered() {
        let mut taken = HashSet::new();
        let mut take = |source: &str, name: &str| {
            let name = free_name(source, name, &taken);
            assert!(name.len() <= NAME && !name.is_empty(), "{name}");
            assert!(taken.insert(name.clone()), "{name} twice");
            name
        };
        assert_eq!(take("files", "read"), "read");
        assert_eq!(take("files", "read"), "files_read");
        assert_eq!(take("mail", "read"), "mail_read");
        assert_eq!(take("mail", "read"), "mail_read_2");
        assert_eq!(take("mail", "read"), "mail_read_3");
        assert_eq!(take("a b", "get.it/now\n"), "get_it_now_");
        assert_eq!(take("größe", ""), "gr__e_");
        let long = "x".repeat(200);
        for _ in 0..12 {
            take("long", &long);
        }
    }
}
