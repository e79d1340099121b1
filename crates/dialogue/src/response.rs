//! What is said: texts with names in them, in variations, some of them under conditions. Each is compiled once, when the definition is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use jiff::civil::{Date, DateTime, Time};
use minijinja::value::{Serde, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use smol_str::SmolStr;

use crate::expression::{EvalError, Expression, Fault, Names, plain};

/// How `date` shows a day that it is given no format for.
const DAY: &str = "%-d %B %Y";
/// How `time` shows a time.
const TIME: &str = "%H:%M";
/// How many instructions a text may take: far more than one needs, and a loop over a long list ends.
const FUEL: u64 = 100_000;
/// The most bytes of a text that is said.
const LONGEST: usize = crate::engine::bounds::MOST_TEXT;

/// A text in its variations.
#[derive(Clone)]
pub struct Response {
    variations: Vec<Variation>,
    reads: Vec<SmolStr>,
}

#[derive(Clone)]
struct Variation {
    condition: Option<Expression>,
    text: Text,
}

#[derive(Clone)]
enum Text {
    /// Said as it is.
    Plain(String),
    /// With names in it.
    Template { source: String, compiled: Arc<Environment<'static>>, reads: Vec<SmolStr> },
}

/// The name under which a text stands in its own environment.
const NAME: &str = "text";

/// Without a loader, so that no text reads a file; without escaping, because what is said is no markup.
static BASE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut base = Environment::new();
    base.set_auto_escape_callback(|_| AutoEscape::None);
    base.set_undefined_behavior(UndefinedBehavior::Chainable);
    base.set_fuel(Some(FUEL));
    base.set_formatter(|output, _, value| match value.kind() {
        ValueKind::Map | ValueKind::Seq | ValueKind::Number => {
            let value = serde_json::to_value(value).unwrap_or(serde_json::Value::Null);
            output.write_str(&plain(&value)).map_err(Into::into)
        }
        ValueKind::None | ValueKind::Undefined => Ok(()),
        _ => write!(output, "{value}").map_err(Into::into),
    });
    base.add_filter("date", |value: &Value, format: Option<&str>| shown(value, format.unwrap_or(DAY)));
    base.add_filter("time", |value: &Value, format: Option<&str>| shown(value, format.unwrap_or(TIME)));
    base
});

/// What `date` and `time` make of a value that is a day, a time or both.
pub(crate) fn displayed(text: &str) -> Vec<String> {
    let value = Value::from(text);
    let forms = [DAY, TIME].into_iter().filter_map(|format| shown(&value, format).ok());
    forms.filter(|form| form != text).collect()
}

/// A day, a time or both in a format of strftime; what is none of them, as it is.
fn shown(value: &Value, format: &str) -> Result<String, minijinja::Error> {
    let text = value.as_str().unwrap_or("");
    let shown = if let Ok(both) = text.parse::<DateTime>() {
        jiff::fmt::strtime::format(format, both)
    } else if let Ok(day) = text.parse::<Date>() {
        jiff::fmt::strtime::format(format, day)
    } else if let Ok(time) = text.parse::<Time>() {
        jiff::fmt::strtime::format(format, time)
    } else {
        return Ok(if value.is_undefined() || value.is_none() { String::new() } else { value.to_string() });
    };
    shown.map_err(|error| {
        minijinja::Error::new(ErrorKind::InvalidOperation, format!("{text:?} cannot be written as {format:?}: {error}"))
    })
}

impl Response {
    /// One text.
    ///
    /// # Errors
    /// When the text is no template: a brace or a block that is not closed, an unknown filter.
    pub fn text(text: impl Into<String>) -> Result<Self, Fault> {
        Self::new([(None, text.into())])
    }

    /// Several variations, each perhaps under a condition. One whose condition holds goes before those without.
    ///
    /// # Errors
    /// As [`text`](Self::text); and when there is no variation.
    pub fn new(variations: impl IntoIterator<Item = (Option<Expression>, String)>) -> Result<Self, Fault> {
        let variations =
            variations.into_iter().map(|(condition, text)| Ok(Variation { condition, text: Text::new(text)? }));
        let variations: Vec<Variation> = variations.collect::<Result<_, Fault>>()?;
        if variations.is_empty() {
            return Err(Fault::new(0..0, "there is nothing to say", "write a text, or a list of texts"));
        }
        let mut reads: Vec<SmolStr> = Vec::new();
        for variation in &variations {
            let conditions = variation.condition.iter().flat_map(Expression::reads);
            let texts = match &variation.text {
                Text::Plain(_) => [].as_slice(),
                Text::Template { reads, .. } => reads,
            };
            for name in conditions.chain(texts) {
                if !reads.contains(name) {
                    reads.push(name.clone());
                }
            }
        }
        Ok(Self { variations, reads })
    }

    /// A text that is said as it is, braces and all.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        let text = Text::Plain(text.into());
        Self { variations: vec![Variation { condition: None, text }], reads: Vec::new() }
    }

    /// Whether it looks itself whether names have values, by a block, a condition or a default.
    pub(crate) fn looks(&self) -> bool {
        self.variations.iter().any(|variation| {
            let text = variation.text.source();
            variation.condition.is_some() || ["{%", " if ", "default"].iter().any(|mark| text.contains(mark))
        })
    }

    /// The names it reads, those of its conditions included.
    #[must_use]
    pub fn reads(&self) -> &[SmolStr] {
        &self.reads
    }

    /// How many variations there are.
    #[must_use]
    pub fn variations(&self) -> usize {
        self.variations.len()
    }

    /// Whether one of them has no condition, so that there is always something to say.
    #[must_use]
    pub fn always(&self) -> bool {
        self.variations.iter().any(|variation| variation.condition.is_none())
    }

    /// The conditions of its variations.
    pub fn conditions(&self) -> impl Iterator<Item = &Expression> {
        self.variations.iter().filter_map(|variation| variation.condition.as_ref())
    }

    /// The text to say: of those whose condition holds, or else of those without one, the one that `pick` falls on, counted
    /// round. Counting `pick` up says each in turn. A name that has no value is an empty text.
    ///
    /// # Errors
    /// When no variation fits, a condition has no value, or a text cannot be made of these values.
    pub fn render(&self, names: &dyn Names, pick: u64) -> Result<String, EvalError> {
        self.pick(names, pick)?.text.render(names)
    }

    /// The same text with these names in it, of which the conditions of variations know nothing.
    pub(crate) fn render_with(&self, names: &dyn Names, shown: &dyn Names, pick: u64) -> Result<String, EvalError> {
        self.pick(names, pick)?.text.render(shown)
    }

    fn pick(&self, names: &dyn Names, pick: u64) -> Result<&Variation, EvalError> {
        let mut fitting = Vec::new();
        for variation in &self.variations {
            if let Some(condition) = &variation.condition
                && condition.holds(names)?
            {
                fitting.push(variation);
            }
        }
        if fitting.is_empty() {
            fitting.extend(self.variations.iter().filter(|variation| variation.condition.is_none()));
        }
        let count = u64::try_from(fitting.len()).unwrap_or(u64::MAX);
        let at = pick.checked_rem(count).and_then(|at| usize::try_from(at).ok());
        let nothing = || EvalError::new("no variation of the text fits", "add one without a condition");
        at.and_then(|at| fitting.get(at).copied()).ok_or_else(nothing)
    }
}

impl Text {
    fn new(source: String) -> Result<Self, Fault> {
        if !["{{", "{%", "{#"].iter().any(|mark| source.contains(mark)) {
            return Ok(Self::Plain(source));
        }
        for (at, _) in source.match_indices("{%") {
            let block = source.get(at + 2..).unwrap_or("").trim_start_matches(['-', '+']).trim_start();
            let word = block.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
            if ["include", "import", "from", "extends"].contains(&word) {
                let message = format!("the text {:?} wants to `{word}` another", short(&source));
                return Err(Fault::new(at..at + 2, message, "a text stands alone; write what it should say"));
            }
        }
        let mut compiled = BASE.clone();
        compiled.add_template_owned(NAME, source.clone()).map_err(|error| fault(&source, &error))?;
        let template = compiled.get_template(NAME).map_err(|error| fault(&source, &error))?;
        let mut reads: Vec<SmolStr> = template.undeclared_variables(false).into_iter().map(SmolStr::from).collect();
        reads.retain(|name| !BASE.globals().any(|(global, _)| global == name));
        reads.sort_unstable();
        Ok(Self::Template { source, compiled: Arc::new(compiled), reads })
    }

    fn source(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Template { source: text, .. } => text,
        }
    }

    fn render(&self, names: &dyn Names) -> Result<String, EvalError> {
        let (source, compiled, reads) = match self {
            Self::Plain(text) => return Ok(text.clone()),
            Self::Template { source, compiled, reads } => (source, compiled, reads),
        };
        let values: BTreeMap<&str, Value> = reads
            .iter()
            .map(|name| {
                (name.as_str(), names.value(name).map_or(Value::UNDEFINED, |value| Value::from(Serde(&*value))))
            })
            .collect();
        let failed = |error: &minijinja::Error| {
            EvalError::new(
                format!("the text {:?} cannot be made: {error}", short(source)),
                "see which value it was given",
            )
        };
        let template = compiled.get_template(NAME).map_err(|error| failed(&error))?;
        let text = template.render(values).map_err(|error| failed(&error))?;
        if text.len() > LONGEST {
            let message = format!("the text {:?} became {} bytes long", short(source), text.len());
            return Err(EvalError::new(message, format!("at most {LONGEST} are said; shorten the values in it")));
        }
        Ok(text)
    }
}

fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn fault(source: &str, error: &minijinja::Error) -> Fault {
    let before = source.split_inclusive('\n').take(error.line().map_or(0, |line| line.saturating_sub(1)));
    let start: usize = before.map(str::len).sum();
    let at = start..source.len().max(start);
    let hint = match error.kind() {
        ErrorKind::UnknownFilter => "filters are those of Jinja, `date` and `time`",
        ErrorKind::UnknownTest => "tests are those of Jinja: `defined`, `none`, `number`, …",
        _ => "a name stands in `{{ }}`, a block in `{% %}` with its end",
    };
    let detail = error.detail().map_or_else(|| error.kind().to_string(), ToOwned::to_owned);
    Fault::new(at, format!("the text {:?} is no template: {detail}", short(source)), hint)
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.variations.iter().map(|variation| (variation.condition.as_ref(), variation.text.source()));
        f.debug_list().entries(shown).finish()
    }
}

impl PartialEq for Response {
    fn eq(&self, other: &Self) -> bool {
        let same = |(a, b): (&Variation, &Variation)| a.condition == b.condition && a.text.source() == b.text.source();
        self.variations.len() == other.variations.len() && self.variations.iter().zip(&other.variations).all(same)
    }
}

/// As the list of its variations: condition and text.
impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.variations.len()))?;
        for variation in &self.variations {
            list.serialize_element(&(&variation.condition, variation.text.source()))?;
        }
        list.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(name: &str) -> Option<serde_json::Value> {
        match name {
            "name" => Some(json!("Ana <b>")),
            "price" => Some(json!({"amount": "12.50", "currency": "EUR"})),
            "day" => Some(json!("2024-03-15")),
            "stay" => Some(json!({"from": "2024-03-15", "to": "2024-03-17"})),
            "tags" => Some(json!(["a", "b"])),
            _ => None,
        }
    }

    fn said(text: &str) -> String {
        Response::text(text).unwrap().render(&names, 0).unwrap()
    }

    #[test]
    fn values_are_said_as_people_read_them() {
        assert_eq!(said("Hello {{ name }}."), "Hello Ana <b>.");
        assert_eq!(said("{{ price }} on {{ day | date }}"), "12.50 EUR on 15 March 2024");
        assert_eq!(said("{{ day | date('%A') }}, {{ stay }}, {{ tags }}"), "Friday, 2024-03-15 – 2024-03-17, a, b");
        assert_eq!(said("{{ price.currency }} {{ nobody }}{{ nobody.a.b }}{{ nobody | date }}!"), "EUR !");
        assert_eq!(said("{% if nobody %}a{% else %}b{% endif %}{{ 1 / 2 }}"), "b0.5");
    }

    #[test]
    fn what_holds_goes_first_and_pick_goes_round() {
        let condition = |text: &str| Some(Expression::parse(text).unwrap());
        let response = Response::new([
            (None, "Hello.".to_owned()),
            (None, "Good day.".to_owned()),
            (condition("name is not null"), "Hello {{ name }}.".to_owned()),
            (condition("other == 1"), "One.".to_owned()),
        ])
        .unwrap();
        assert_eq!(response.reads(), ["name", "other"]);
        assert_eq!(response.render(&names, 7).unwrap(), "Hello Ana <b>.");
        let nobody = |_: &str| None;
        let said: Vec<String> = (0..3).map(|pick| response.render(&nobody, pick).unwrap()).collect();
        assert_eq!(said, ["Hello.", "Good day.", "Hello."]);
        let never = Response::new([(condition("false"), "No.".to_owned())]).unwrap();
        assert!(!never.always());
        assert!(never.render(&nobody, 0).unwrap_err().message.contains("no variation"));
    }

    #[test]
    fn a_broken_text_says_what_is_wrong() {
        for text in ["Hello {{ name", "{% if a %}", "{{ name | shout }}", "{{ a b }}", "{% include 'secret' %}"] {
            let fault = Response::text(text).map(|response| response.render(&names, 0));
            assert!(fault.is_err() || fault.unwrap().is_err(), "{text}");
        }
        let endless =
            Response::text("{% for a in range(10000) %}{% for b in range(10000) %}{{ b }}{% endfor %}{% endfor %}")
                .unwrap();
        assert!(endless.render(&names, 0).is_err());
        assert_eq!(endless.reads(), [""; 0]);
    }
}
