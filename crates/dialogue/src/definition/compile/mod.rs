//! A definition into a program: names into numbers, blocks into jumps, and everything that is wrong told at once.

mod assigned;
mod cycles;
mod flows;
mod graph;
mod lower;
mod names;
mod slots;
mod text;

use std::collections::HashSet;
use std::time::Duration;

use ninefold_core::Key;
use smol_str::SmolStr;

use super::Definition;
use super::diagnostic::Diagnostics;
use super::model;
use crate::expression::Shape;
use crate::program::{Action, ActionId, Flow, FlowId, Parameter, Place, Program, Settings, Slot, SlotId};

/// The flows of repair. A flow of the user that is called like one of them overrides it.
pub const PATTERNS: [&str; 22] = [
    "pattern_continue_interrupted",
    "pattern_correction",
    "pattern_cancel",
    "pattern_skip",
    "pattern_chitchat",
    "pattern_completed",
    "pattern_clarification",
    "pattern_cannot_handle",
    "pattern_internal_error",
    "pattern_too_long",
    "pattern_empty",
    "pattern_handoff",
    "pattern_handed_over",
    "pattern_session_start",
    "pattern_validation",
    "pattern_repeat",
    "pattern_user_silence",
    "pattern_knowledge",
    "pattern_changed_definition",
    "pattern_restart",
    "pattern_satisfaction",
    "pattern_external_agent",
];

fn is_pattern(name: &str) -> bool {
    name.starts_with("pattern_")
}

/// What stands for something that was wrong, so that nothing is made of it twice.
const BROKEN: &str = "?";

/// The definition with its names looked up, and what was found wrong so far.
struct Compiler<'d> {
    definition: &'d Definition,
    /// Every slot with the flow it belongs to, by number.
    slots: Vec<(Option<FlowId>, &'d model::Slot)>,
    diagnostics: Diagnostics,
    /// What is being compiled.
    within: Within,
    /// Responses that somebody says, with their flow where they are a flow's own.
    said: HashSet<(Option<FlowId>, SmolStr)>,
}

/// What stands for the place of what was built in Rust, which has no lines: the flow or slot that it belongs to.
#[derive(Clone, Default)]
struct Within(Place);

impl Within {
    fn of(what: &str, name: &str) -> Self {
        Self(Place { file: format!("{what} `{name}`").into(), line: 0 })
    }

    fn here(&self, place: &Place) -> Place {
        if *place == Place::default() { self.0.clone() } else { place.clone() }
    }
}

/// From where names are looked up.
#[derive(Clone, Copy)]
struct View<'a> {
    flow: Option<FlowId>,
    /// What `value` is, where there is one.
    value: Option<&'a Shape>,
}

pub(super) fn compile(definition: &Definition, patterns: bool) -> (Option<Program>, Diagnostics) {
    let mut compiler = Compiler {
        definition,
        slots: Vec::new(),
        diagnostics: definition.diagnostics.clone(),
        said: HashSet::new(),
        within: Within::default(),
    };
    compiler.names(patterns);
    let actions: Vec<Action> = definition.actions.iter().map(action).collect();
    let slots: Vec<Slot> = compiler.compile_slots();
    let mut flows: Vec<Flow> = Vec::with_capacity(definition.flows.len());
    for (id, flow) in compiler.numbered(&definition.flows) {
        flows.push(compiler.flow(FlowId(id), flow));
    }
    compiler.within = Within::default();
    compiler.unsaid();
    flows::reaches(&mut flows);
    let settings = settings(&definition.settings);
    let key = match Key::of(definition) {
        Ok(key) => key,
        Err(error) => {
            compiler.diagnostics.error(
                &Place::default(),
                error.to_string(),
                "report it: a definition always has a key",
            );
            Key::of_bytes(&[])
        }
    };
    let program = Program { settings, slots, flows, actions, key };
    compiler.starts(&program);
    cycles::check(&program, &mut compiler.diagnostics);
    assigned::check(&program, &mut compiler.diagnostics);
    compiler.diagnostics.sort();
    let program = (!compiler.diagnostics.has_errors()).then_some(program);
    (program, compiler.diagnostics)
}

fn settings(settings: &model::Settings) -> Settings {
    Settings {
        locale: settings.locale.unwrap_or_default(),
        prefer: settings.prefer.unwrap_or_default(),
        longest_message: settings.longest_message.unwrap_or(10_000),
        most_reprompts: settings.most_reprompts.unwrap_or(2),
        deepest_stack: settings.deepest_stack.unwrap_or(16),
        most_steps: settings.most_steps.unwrap_or(1_000),
        silence: settings.silence,
    }
}

fn action(action: &model::Action) -> Action {
    let parameters = |parameters: &[model::Parameter]| {
        let of = |parameter: &model::Parameter| Parameter {
            name: parameter.name.clone(),
            kind: parameter.kind.clone(),
            optional: parameter.optional,
        };
        parameters.iter().map(of).collect()
    };
    Action {
        name: action.name.clone(),
        description: action.description.clone(),
        inputs: parameters(&action.inputs),
        outputs: parameters(&action.outputs),
        timeout: action.timeout.unwrap_or(Duration::from_secs(10)),
        attempts: action.attempts.unwrap_or(2),
        place: action.place.clone(),
    }
}

impl<'d> Compiler<'d> {
    fn error(&mut self, place: &Place, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.within.here(place);
        self.diagnostics.error(&place, message, hint);
    }

    /// Things with their numbers; what has no number any more was told by `names`.
    fn numbered<T>(&self, things: &'d [T]) -> impl Iterator<Item = (u16, &'d T)> + use<'d, T> {
        (0..u16::MAX).zip(things)
    }

    fn find_flow(&self, name: &str) -> Option<FlowId> {
        self.numbered(&self.definition.flows).find(|(_, flow)| flow.name == name).map(|(id, _)| FlowId(id))
    }

    fn find_action(&self, name: &str) -> Option<(ActionId, &'d model::Action)> {
        let (id, action) = self.numbered(&self.definition.actions).find(|(_, action)| action.name == name)?;
        Some((ActionId(id), action))
    }

    fn model_flow(&self, id: Option<FlowId>) -> Option<&'d model::Flow> {
        self.definition.flows.get(usize::from(id?.0))
    }

    /// A slot of this flow itself.
    fn own_slot(&self, flow: FlowId, name: &str) -> Option<(SlotId, &'d model::Slot)> {
        self.find_slot(|of| of == Some(flow), name)
    }

    /// A slot that this flow sees: its own, or a global one.
    fn slot(&self, flow: Option<FlowId>, name: &str) -> Option<(SlotId, &'d model::Slot)> {
        let own = flow.and_then(|flow| self.own_slot(flow, name));
        own.or_else(|| self.find_slot(|of| of.is_none(), name))
    }

    fn find_slot(&self, of: impl Fn(Option<FlowId>) -> bool, name: &str) -> Option<(SlotId, &'d model::Slot)> {
        let mut numbered = (0..u16::MAX).zip(&self.slots);
        numbered.find(|(_, (flow, slot))| of(*flow) && slot.name == name).map(|(id, (_, slot))| (SlotId(id), *slot))
    }

    /// The names of the slots that a flow sees.
    fn slot_names(&self, flow: Option<FlowId>) -> Vec<&'d str> {
        let seen = self.slots.iter().filter(|(of, _)| of.is_none() || *of == flow);
        seen.map(|(_, slot)| slot.name.as_str()).collect()
    }

    /// Whether the flow is one of repair, which knows what it is about.
    fn knows_context(&self, flow: Option<FlowId>) -> bool {
        self.model_flow(flow).is_some_and(|flow| is_pattern(&flow.name))
    }

    /// What a name's value looks like from here.
    fn shape(&self, view: View<'_>, name: &str) -> Option<Shape> {
        match name {
            "value" => view.value.cloned(),
            "context" if self.knows_context(view.flow) => Some(Shape::Unknown),
            _ => self.slot(view.flow, name).map(|(_, slot)| Shape::from(&slot.kind)),
        }
    }
}
