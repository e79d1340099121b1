//! A small bank and travel agency to understand messages in.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::civil::date;
use ninefold_core::Key;
use serde_json::Value;

use crate::expression::{Expression, Names};
use crate::kind::{Choice, Kind};
use crate::normalize::{Locale, Normalizer, Prefer, Reading};
use crate::program::{Action, ActionId, Flow, FlowId, Op, Place, Program, Settings, Slot, SlotId};
use crate::response::Response;
use crate::scope::{Index, Scope, View};
use crate::understand::Heard;

/// No name has a value, but one.
pub(crate) struct Known(pub(crate) Option<(&'static str, Value)>);

impl Names for Known {
    fn value(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.0.as_ref().filter(|(known, _)| *known == name).map(|(_, value)| Cow::Borrowed(value))
    }
}

pub(crate) static NOTHING: Known = Known(None);

pub(crate) fn options(values: &[&str]) -> Kind {
    let choice = |value: &&str| Choice { value: (*value).into(), synonyms: vec![] };
    Kind::Category { options: values.iter().map(choice).collect() }
}

struct Make {
    program: Program,
}

impl Make {
    fn slot(&mut self, flow: Option<u16>, name: &str, description: &str, kind: Kind) -> SlotId {
        let id = SlotId(u16::try_from(self.program.slots.len()).unwrap());
        self.program.slots.push(Slot {
            name: name.into(),
            flow: flow.map(FlowId),
            kind,
            description: description.to_owned(),
            prompt: Arc::new(Response::text("?").unwrap()),
            no_match: None,
            no_input: None,
            invalid: None,
            validators: vec![],
            default: None,
            optional: false,
            persistent: false,
            ask_always: false,
            internal: name.starts_with("system"),
            sensitive: name == "pin",
            place: Place::default(),
        });
        id
    }

    fn flow(&mut self, name: &str, description: &str, triggers: &[&str], slots: &[(&str, &str, Kind)]) -> FlowId {
        let id = u16::try_from(self.program.flows.len()).unwrap();
        let own: Vec<SlotId> = slots
            .iter()
            .map(|(name, description, kind)| self.slot(Some(id), name, description, kind.clone()))
            .collect();
        let mut ops: Vec<Op> = own.iter().map(|slot| Op::Collect { slot: *slot, prompt: None }).collect();
        ops.push(Op::End);
        self.program.flows.push(Flow {
            name: name.into(),
            description: description.to_owned(),
            triggers: triggers.iter().map(|&trigger| trigger.to_owned()).collect(),
            guard: None,
            internal: name.starts_with("pattern_"),
            collects: own.clone(),
            reaches: own.clone(),
            slots: own,
            places: vec![Place::default(); ops.len()],
            ops,
            names: vec![],
            place: Place::default(),
        });
        FlowId(id)
    }
}

pub(crate) fn program() -> Program {
    let settings = Settings {
        locale: Locale::EnUs,
        prefer: Prefer::Future,
        longest_message: 10_000,
        most_reprompts: 3,
        deepest_stack: 8,
        most_steps: 1_000,
        silence: None,
    };
    let mut make = Make {
        program: Program { settings, slots: vec![], flows: vec![], actions: vec![], key: Key::of_bytes(b"made") },
    };
    make.flow(
        "book_flight",
        "Book a flight",
        &["I want to book a flight", "I need a plane ticket"],
        &[
            ("origin", "City of departure", Kind::Text),
            ("destination", "City of arrival", Kind::Text),
            ("departure_date", "Day of departure", Kind::Date),
            ("travellers", "Number of people who fly", Kind::Integer),
            ("class", "Class of the seats", options(&["economy", "business"])),
        ],
    );
    make.flow(
        "transfer_money",
        "Send money to somebody",
        &["transfer money"],
        &[
            ("amount", "How much money", Kind::Money),
            ("recipient", "Who gets the money", Kind::Text),
            ("express", "Whether it is sent at once", Kind::Boolean),
        ],
    );
    make.flow(
        "check_balance",
        "Check the balance of an account",
        &[],
        &[("account", "Which account", options(&["checking", "savings"]))],
    );
    make.flow(
        "close_account",
        "Close an account for good",
        &[],
        &[("reason", "Why the account is closed", Kind::Text)],
    );
    make.flow(
        "pattern_feedback",
        "Rate the conversation about a flight",
        &[],
        &[("system_score", "What it was rated", Kind::Integer)],
    );
    make.program.flows[3].guard = Some(Expression::parse("owner").unwrap());
    make.program.actions.push(Action {
        name: "search_flights".into(),
        description: String::new(),
        inputs: vec![],
        outputs: vec![],
        timeout: std::time::Duration::from_secs(1),
        attempts: 1,
        place: Place::default(),
    });
    let search = Op::Action { action: ActionId(0), inputs: vec![], outputs: vec![], failed: None };
    make.program.flows[0].ops.insert(0, search);
    make.program
}

/// Where a dialogue stands, and what is said.
pub(crate) struct Scene {
    pub(crate) program: Program,
    pub(crate) index: Index,
    pub(crate) active: Option<FlowId>,
    pub(crate) asked: Option<SlotId>,
    pub(crate) confirming: bool,
    pub(crate) choices: Vec<FlowId>,
    pub(crate) values: Vec<(SlotId, String)>,
    pub(crate) last_set: Option<SlotId>,
    pub(crate) last_said: &'static str,
    pub(crate) normalizer: Normalizer,
    pub(crate) secrets: crate::secret::Secrets,
    pub(crate) reading: Reading,
    pub(crate) names: Known,
}

impl Scene {
    pub(crate) fn idle() -> Self {
        let program = program();
        Self {
            index: Index::new(&program),
            program,
            active: None,
            asked: None,
            confirming: false,
            choices: vec![],
            values: vec![],
            last_set: None,
            last_said: "",
            normalizer: Normalizer::default(),
            secrets: crate::secret::Secrets::default(),
            reading: Reading { locale: Locale::EnUs, now: date(2024, 1, 10).at(9, 0, 0, 0), prefer: Prefer::Future },
            names: Known(None),
        }
    }

    /// Within a flow that has these values and asks for a slot.
    pub(crate) fn within(flow: &str, values: &[(&str, &str)], asked: &str) -> Self {
        let mut scene = Self::idle();
        scene.active = scene.program.flow_named(flow);
        scene.values = values.iter().map(|(slot, value)| (scene.slot(slot), (*value).to_owned())).collect();
        scene.last_set = scene.values.last().map(|(slot, _)| *slot);
        scene.asked = (!asked.is_empty()).then(|| scene.slot(asked));
        scene
    }

    /// After a question which of these flows is meant.
    pub(crate) fn choosing(mut self, flows: &[&str]) -> Self {
        self.choices = flows.iter().filter_map(|flow| self.program.flow_named(flow)).collect();
        self
    }

    pub(crate) fn confirming(mut self) -> Self {
        (self.confirming, self.asked) = (true, None);
        self
    }

    pub(crate) fn in_locale(mut self, locale: Locale) -> Self {
        self.reading.locale = locale;
        self
    }

    fn slot(&self, name: &str) -> SlotId {
        self.program.slot_named(self.active, name).unwrap()
    }

    /// What somebody makes of a message here.
    pub(crate) fn hear<T>(&self, message: &str, then: impl FnOnce(&Heard<'_>) -> T) -> T {
        let filled: Vec<SlotId> = self.values.iter().map(|(slot, _)| *slot).collect();
        let view = View {
            message,
            last_said: self.last_said,
            active: self.active,
            stack: &[],
            ended: None,
            asked: self.asked,
            confirming: self.confirming,
            choices: &self.choices,
            filled: &filled,
            guards: &self.names,
        };
        let scope = Scope::of(&self.program, &self.index, &view);
        then(&Heard {
            view,
            scope: &scope,
            program: &self.program,
            index: &self.index,
            values: &self.values,
            last_set: self.last_set,
            normalizer: &self.normalizer,
            reading: &self.reading,
            secrets: &self.secrets,
        })
    }
}
