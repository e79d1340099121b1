//! Expressions and texts: parsed, with every name known and every kind fitting.

use std::sync::Arc;

use smol_str::SmolStr;

use super::super::text::{Source, Text};
use super::names::is_name;
use super::{BROKEN, Compiler, View};
use crate::expression::{Expression, Shape};
use crate::near;
use crate::program::{FlowId, Place};
use crate::response::Response;

impl<'d> Compiler<'d> {
    /// An expression and what it results in; what stands for a broken one is unknown.
    pub(super) fn expression(&mut self, source: &Source, view: View<'_>) -> (Expression, Shape) {
        let broken = || (Expression::name(BROKEN), Shape::Unknown);
        let expression = match Expression::parse(&source.text) {
            Ok(expression) => expression,
            Err(fault) => {
                let column = source.text.get(..fault.at.start).map_or(0, |text| text.chars().count()) + 1;
                let message = format!("`{}`: {} (character {column})", source.text.trim(), fault.message);
                self.error(&source.place, message, fault.hint);
                return broken();
            }
        };
        if !self.known(expression.reads(), &source.place, view, &format!("`{expression}`")) {
            return broken();
        }
        let (shape, faults) = expression.shape(&|name: &str| self.shape(view, name));
        for fault in faults {
            self.error(&source.place, fault.message, fault.hint);
        }
        (expression, shape)
    }

    /// An expression that is true or false.
    pub(super) fn condition(&mut self, source: &Source, view: View<'_>) -> Expression {
        let (expression, shape) = self.expression(source, view);
        if !matches!(shape, Shape::Boolean | Shape::Unknown | Shape::Null) {
            let message = format!("`{expression}` is {} where a condition is expected", shape.name());
            self.error(&source.place, message, "compare it, as in `count > 0`, or ask `name is not null`");
        }
        expression
    }

    /// An expression whose value is kept as this.
    pub(super) fn fitting(&mut self, source: &Source, view: View<'_>, wanted: &Shape, what: &str) -> Expression {
        let (expression, shape) = self.expression(source, view);
        if !wanted.takes(&shape) {
            let message = format!("`{expression}` is {} and {what} holds {}", shape.name(), wanted.name());
            let hint = match wanted {
                Shape::Text => "`text(x)` makes a text of a value".to_owned(),
                Shape::Number => "`number(x)` reads a number; of money, take `.amount`".to_owned(),
                _ => format!("give it {}", wanted.name()),
            };
            self.error(&source.place, message, hint);
        }
        if let (Shape::Option(options), Some(text)) = (wanted, expression.text())
            && !options.iter().any(|option| option == text)
        {
            let hint = near::cure(text, options.iter().map(SmolStr::as_str), "its options are");
            self.error(&source.place, format!("{what} has no option \"{text}\""), hint);
        }
        expression
    }

    /// Whether all of these names mean something here.
    fn known(&mut self, names: &[SmolStr], place: &Place, view: View<'_>, what: &str) -> bool {
        let mut all = true;
        for name in names {
            if self.shape(view, name).is_some() {
                continue;
            }
            all = false;
            let hint = match name.as_str() {
                "value" => "`value` is known in `validate` and `reprompt` only".to_owned(),
                "context" => "`context` is known in flows of repair only".to_owned(),
                _ => match near::nearest(name, self.slot_names(view.flow)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add a slot `{name}`; a text stands in quotes within the quotes: \"'{name}'\""),
                },
            };
            self.error(place, format!("{what}: nothing here is called `{name}`"), hint);
        }
        all
    }

    /// What is said: texts, or the response of this name.
    pub(super) fn text(&mut self, text: &Text, view: View<'_>) -> Arc<Response> {
        if let [only] = text.variations.as_slice()
            && only.condition.is_none()
            && is_name(&only.say.text)
        {
            let name = only.say.text.as_str();
            if let Some((flow, response)) = self.find_response(view.flow, name) {
                self.said.insert((flow, name.into()));
                return self.variations(response, view);
            }
            self.perhaps_a_name(name, &only.say.place, view);
        }
        self.variations(text, view)
    }

    fn find_response(&self, flow: Option<FlowId>, name: &str) -> Option<(Option<FlowId>, &'d Text)> {
        let own = self.model_flow(flow).and_then(|flow| flow.responses.iter().find(|(own, _)| own == name));
        let global = || self.definition.responses.iter().find(|(global, _)| global == name);
        own.map(|(_, text)| (flow, text)).or_else(|| global().map(|(_, text)| (None, text)))
    }

    /// A single word that is no response: perhaps it was to be one.
    fn perhaps_a_name(&mut self, name: &str, place: &Place, view: View<'_>) {
        let own = self.model_flow(view.flow).map(|flow| flow.responses.as_slice()).unwrap_or_default();
        let names: Vec<&str> = own.iter().chain(&self.definition.responses).map(|(name, _)| name.as_str()).collect();
        let near = near::nearest(name, names.iter().copied());
        if name.contains('_') {
            let hint = near::cure(name, names, "responses are");
            self.error(place, format!("there is no response `{name}`"), hint);
        } else if let Some(near) = near {
            let hint =
                format!("did you mean the response `{near}`? A text of one word can be written with a full stop");
            self.diagnostics.warning(place, format!("the text is the one word `{name}`"), hint);
        }
    }

    fn variations(&mut self, text: &Text, view: View<'_>) -> Arc<Response> {
        let mut variations = Vec::with_capacity(text.variations.len());
        for variation in &text.variations {
            let place = &variation.say.place;
            let condition = variation.condition.as_ref().map(|condition| self.condition(condition, view));
            match Response::text(variation.say.text.as_str()) {
                Ok(single) => {
                    self.known(single.reads(), place, view, "the text");
                    variations.push((condition, variation.say.text.clone()));
                }
                Err(fault) => self.error(place, fault.message, fault.hint),
            }
        }
        let Ok(response) = Response::new(variations) else { return Arc::new(Response::plain(String::new())) };
        if !response.always() {
            let hint = "add a variation without `if`, for when none of them holds";
            self.error(&text.place, "there may be nothing to say: every variation has a condition", hint);
        }
        Arc::new(response)
    }

    /// Responses that nobody says.
    pub(super) fn unsaid(&mut self) {
        let definition = self.definition;
        let own = self
            .numbered(&definition.flows)
            .flat_map(|(id, flow)| flow.responses.iter().map(move |named| (Some(FlowId(id)), named)));
        let all: Vec<_> = definition.responses.iter().map(|named| (None, named)).chain(own).collect();
        for (flow, (name, text)) in all {
            if !self.said.contains(&(flow, name.clone())) {
                self.diagnostics.warning(
                    &text.place,
                    format!("nobody says the response `{name}`"),
                    "say it by its name, as `say: name`, or take it out",
                );
            }
        }
    }
}
