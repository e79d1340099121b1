//! What calls cost, by a price list.

use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_util::Stream;
use ninefold_core::model::Deltas;
use ninefold_core::{Cost, Cx, Delta, Model, ModelId, ModelRequest, Reply, Result, Usage};

use crate::PriceList;

/// What a model's tokens cost, in US dollars for a million of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// Tokens read.
    pub input: f64,
    /// Tokens written, but for those of reasoning.
    pub output: f64,
    /// Tokens read from the provider's cache.
    pub cached_input: f64,
    /// Tokens read and put into the provider's cache.
    pub cache_write: f64,
    /// Tokens written while reasoning.
    pub reasoning: f64,
}

impl Price {
    /// A price without a rate of its own for the provider's cache and for reasoning.
    #[must_use]
    pub fn new(input: f64, output: f64) -> Self {
        Self { input, output, cached_input: input, cache_write: input, reasoning: output }
    }

    /// What this usage costs. Of the tokens read, those from and for the provider's cache have prices of their own.
    #[must_use]
    pub fn of(&self, usage: &Usage) -> Cost {
        let plain =
            usage.input_tokens.saturating_sub(usage.cached_input_tokens.saturating_add(usage.cache_write_tokens));
        let parts = [
            (plain, self.input),
            (usage.cached_input_tokens, self.cached_input),
            (usage.cache_write_tokens, self.cache_write),
            (usage.output_tokens.saturating_sub(usage.reasoning_tokens), self.output),
            (usage.reasoning_tokens.min(usage.output_tokens), self.reasoning),
        ];
        Cost::from_usd(parts.iter().map(|(tokens, price)| *tokens as f64 * price / 1e6).sum())
    }
}

/// A model whose calls say what they cost: what the provider says, or else by the price given here, or else nothing: the
/// cost of a model without a price is unknown, which is not 0.
///
/// Stands innermost. Costs a call a multiplication.
///
/// ```
/// use ninefold_llm::{Metered, Price};
/// # use ninefold_testkit::ScriptedModel;
/// # let model = ScriptedModel::new();
/// let model = Metered::new(model, Price { cached_input: 0.3, cache_write: 3.75, ..Price::new(3.0, 15.0) });
/// # drop(model);
/// ```
pub struct Metered<M> {
    inner: M,
    price: Option<Price>,
}

impl<M: Model> Metered<M> {
    /// Prices the calls of `inner`.
    pub fn new(inner: M, price: Price) -> Self {
        Self { inner, price: Some(price) }
    }

    /// Prices the calls of `inner` by a list; not at all when it is not in it.
    pub fn listed(inner: M, prices: &PriceList) -> Self {
        let price = prices.of(inner.id());
        Self { inner, price }
    }

    /// What it prices by.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        self.price
    }
}

#[async_trait]
impl<M: Model> Model for Metered<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn variant(&self) -> &str {
        self.inner.variant()
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        let reply = self.inner.send(request, cx).await?;
        let Some(price) = self.price else { return Ok(reply) };
        Ok(Reply::stream(Pricing { inner: reply.into_deltas(), price }))
    }
}

struct Pricing {
    inner: Deltas,
    price: Price,
}

impl Stream for Pricing {
    type Item = Result<Delta>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut polled = self.inner.as_mut().poll_next(context);
        if let Poll::Ready(Some(Ok(Delta::Usage(usage)))) = &mut polled
            && usage.total() > 0
        {
            usage.cost = usage.cost.or_else(|| Some(self.price.of(usage)));
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_token_has_its_price() {
        let price = Price { input: 3.0, output: 15.0, cached_input: 0.3, cache_write: 3.75, reasoning: 20.0 };
        let usage = Usage {
            cached_input_tokens: 600,
            cache_write_tokens: 300,
            reasoning_tokens: 40,
            ..Usage::tokens(1_000, 100)
        };
        // 100 × 3 + 600 × 0.3 + 300 × 3.75 + 60 × 15 + 40 × 20, in millionths of a dollar.
        assert_eq!(price.of(&usage), Cost(3_305_000));
        assert_eq!(price.of(&Usage::default()), Cost(0));
        assert_eq!(Price::new(f64::NAN, -1.0).of(&usage), Cost(0));
    }
}
