//! What models cost, as data with a date. The list is `prices.json` beside this file.

use std::collections::HashMap;

use ninefold_core::{Error, ErrorKind, ModelId, Result};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::Price;

/// Prices of models by their names, and when they were valid. A model that is not in the list has no price: what its calls
/// cost is unknown, which is not nothing.
///
/// ```
/// use ninefold_core::ModelId;
/// use ninefold_llm::PriceList;
///
/// let prices = PriceList::builtin()?;
/// let dated = prices.of(&ModelId::new("anthropic", "claude-sonnet-4-5-20250929"));
/// assert_eq!(dated, prices.of(&ModelId::new("anthropic", "claude-sonnet-4-5")));
/// assert_eq!(prices.of(&ModelId::new("anthropic", "claude-of-tomorrow")), None);
/// # Ok::<(), ninefold_core::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
pub struct PriceList {
    /// The day the prices were taken, as in `2026-11-21`.
    pub as_of: SmolStr,
    /// Where from.
    pub source: String,
    models: HashMap<SmolStr, Row>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    input: f64,
    output: f64,
    cached_input: Option<f64>,
    cache_write: Option<f64>,
    reasoning: Option<f64>,
}

impl PriceList {
    /// The list that comes with this version: list prices, without discounts.
    ///
    /// # Errors
    /// `Corrupt` when the list that was built in is damaged.
    pub fn builtin() -> Result<Self> {
        Self::parse(include_str!("prices.json"))
    }

    /// Reads a list of the same form: `as_of`, `source`, and `models` with, under each `provider/name`, US dollars for a million
    /// tokens as `input`, `output` and, where they differ, `cached_input`, `cache_write` and `reasoning`. The name `*` stands
    /// for every model of a provider that has no row of its own.
    ///
    /// # Errors
    /// `Corrupt` when it is not of this form, or a price is negative or no number.
    pub fn parse(json: &str) -> Result<Self> {
        let corrupt = |what: String| {
            Error::new(ErrorKind::Corrupt, format!("the price list cannot be used: {what}"))
                .hint("see the form of crates/llm/src/prices.json")
        };
        let list: Self = serde_json::from_str(json).map_err(|error| corrupt(error.to_string()))?;
        let bad = |row: &Row| {
            let all = [Some(row.input), Some(row.output), row.cached_input, row.cache_write, row.reasoning];
            all.into_iter().flatten().any(|price| !price.is_finite() || price < 0.0)
        };
        match list.models.iter().find(|(_, row)| bad(row)) {
            Some((name, _)) => Err(corrupt(format!("a price of {name:?} is negative"))),
            None => Ok(list),
        }
    }

    /// Puts another price in, or the first.
    #[must_use]
    pub fn with(mut self, model: &ModelId, price: Price) -> Self {
        let Price { input, output, cached_input, cache_write, reasoning } = price;
        let row = Row {
            input,
            output,
            cached_input: Some(cached_input),
            cache_write: Some(cache_write),
            reasoning: Some(reasoning),
        };
        self.models.insert(SmolStr::from(model.to_string()), row);
        self
    }

    /// What a model costs; none when that is not known. A name with a date behind it, as `-20250929` or `-2025-08-07`, has the
    /// price of the name without, unless it has its own.
    #[must_use]
    pub fn of(&self, model: &ModelId) -> Option<Price> {
        let of = |name: &str| self.models.get(format!("{}/{name}", model.provider).as_str());
        let row = of(&model.name).or_else(|| of(undated(&model.name)?)).or_else(|| of("*"))?;
        Some(Price {
            input: row.input,
            output: row.output,
            cached_input: row.cached_input.unwrap_or(row.input),
            cache_write: row.cache_write.unwrap_or(row.input),
            reasoning: row.reasoning.unwrap_or(row.output),
        })
    }
}

/// The name without the date at its end.
fn undated(name: &str) -> Option<&str> {
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, last) = name.rsplit_once('-')?;
    if digits(last, 8) {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-')?;
    let (rest, year) = rest.rsplit_once('-')?;
    (digits(last, 2) && digits(month, 2) && digits(year, 4)).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_list_is_dated_and_knows_what_it_does_not_know() {
        let prices = PriceList::builtin().unwrap();
        assert_eq!(prices.as_of.len(), "2026-11-21".len());
        let of = |name: &str| prices.of(&name.parse().unwrap());
        let sonnet = of("anthropic/claude-sonnet-4-5").unwrap();
        assert_eq!((sonnet.input, sonnet.output, sonnet.cached_input, sonnet.cache_write), (3.0, 15.0, 0.3, 3.75));
        assert_eq!(of("openai/gpt-5-mini-2025-08-07"), of("openai/gpt-5-mini"));
        assert_eq!(of("ollama/anything:7b").unwrap(), Price::new(0.0, 0.0), "one's own machine is free");
        for unknown in ["openai/gpt-5-mini-2", "openai/gpt", "nobody/gpt-5-mini", "openai/*x"] {
            assert_eq!(of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_list_of_ones_own_is_checked() {
        let list = |models: &str| format!(r#"{{"as_of": "2026-01-01", "source": "me", "models": {{{models}}}}}"#);
        let own = PriceList::parse(&list(r#""a/b": {"input": 1, "output": 2, "reasoning": 3}"#)).unwrap();
        assert_eq!(own.of(&ModelId::new("a", "b")), Some(Price { reasoning: 3.0, ..Price::new(1.0, 2.0) }));
        let other = own.with(&ModelId::new("a", "b"), Price::new(5.0, 6.0));
        assert_eq!(other.of(&ModelId::new("a", "b")), Some(Price::new(5.0, 6.0)));
        for bad in [
            r#""a/b": {"input": -1, "output": 2}"#,
            r#""a/b": {"input": 1}"#,
            r#""a/b": {"input": 1, "output": 2, "x": 1}"#,
        ] {
            assert_eq!(PriceList::parse(&list(bad)).unwrap_err().kind(), ErrorKind::Corrupt, "{bad}");
        }
    }
}
