//! Source code cut by its grammar: at items, at the members of containers, at the statements of what is too large.
//!
//! One walk over the tree notes the lines at which a part may begin, and what is named where. A part belongs to a group:
//! the items of a file, the members of a container with its head, the statements of a function. Small neighbours of a
//! group share a chunk. Macros whose bodies are items are walked through as if the items stood in the file.

use std::ops::Range;

use ninefold_core::RelationKind;
use smol_str::{SmolStr, format_smolstr};
use tree_sitter::{Node, Tree};

use super::code::{MAX, TARGET, subdivide};
use super::grammar::{Grammar, Role, field};
use super::lines::Lines;
use super::macros;
use super::names::{Named, is_identifier, mentioned};
use super::spelling::{Of, imported, spelled, spellings};
use super::split::{MAX_TITLE, Piece, title};
use super::tree::Budget;

/// How deep the tree is looked into; what a person writes is not a tenth as deep.
const MAX_DEPTH: usize = 512;
/// How deep macros within macros are.
const MAX_MACROS: u32 = 8;
/// A source of which more than one byte in so many is in errors is cut by its shape.
const ERRORS: usize = 3;

/// The pieces of a source and what is named in it; none when it does not parse well.
pub(super) fn pieces(grammar: &Grammar, source: &str, lines: &Lines<'_>) -> Option<(Vec<Piece>, Vec<Named>)> {
    let mut budget = Budget::of(source, lines)?;
    let tree = budget.parse(grammar, source, None)?;
    // What macros hold is parsed once more.
    let mut outline = Outline::new(grammar, source, lines, Budget::of(source, lines)?);
    let top =
        Frame { group: Some(0), item: false, items: true, lead: None, container: None, local: false, error: false };
    if tree.root_node().is_error() {
        return None;
    }
    outline.walk(&tree, top);
    if outline.errors > source.len() / ERRORS {
        return None;
    }
    let pieces = outline.pieces();
    let mut names = outline.names;
    names.sort_by_key(|named| named.at);
    Some((pieces, names))
}

/// A line at which a part may begin, and the group of that part.
#[derive(Debug, Clone, Copy)]
struct Begin {
    line: usize,
    group: u32,
}

/// Something with a name.
#[derive(Debug)]
struct Item {
    /// Its lines, without what stands before it.
    lines: Range<usize>,
    /// What it is declared by: up to its body.
    signature: Range<usize>,
    name: SmolStr,
    /// Where its name stands.
    at: usize,
    /// The container it is a member of.
    within: Option<usize>,
}

/// What a node is to its children.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// The group of the parts that begin at the children; none where there is no cutting.
    group: Option<u32>,
    /// Whether the node opened its group as an item, so that its body goes on with it.
    item: bool,
    /// Whether the children stand where items stand.
    items: bool,
    /// The line of the first child that belongs to what comes next.
    lead: Option<usize>,
    container: Option<usize>,
    /// Whether names belong to a function.
    local: bool,
    error: bool,
}

struct Outline<'a> {
    grammar: &'a Grammar,
    source: &'a str,
    lines: &'a Lines<'a>,
    begins: Vec<Begin>,
    groups: u32,
    items: Vec<Item>,
    names: Vec<Named>,
    /// Bytes in errors.
    errors: usize,
    budget: Budget,
    /// How many macros the walk is inside of.
    macros: u32,
}

impl<'a> Outline<'a> {
    fn new(grammar: &'a Grammar, source: &'a str, lines: &'a Lines<'a>, budget: Budget) -> Self {
        Self {
            grammar,
            source,
            lines,
            begins: Vec::new(),
            groups: 1,
            items: Vec::new(),
            names: Vec::new(),
            errors: 0,
            budget,
            macros: 0,
        }
    }

    fn text(&self, range: Range<usize>) -> &'a str {
        self.source.get(range).unwrap_or_default()
    }

    fn walk(&mut self, tree: &Tree, top: Frame) {
        let mut above = vec![top];
        let mut cursor = tree.walk();
        if !cursor.goto_first_child() {
            return;
        }
        loop {
            let node = cursor.node();
            let below = above.last_mut().and_then(|frame| self.visit(&node, frame));
            if let Some(frame) = below
                && above.len() < MAX_DEPTH
                && cursor.goto_first_child()
            {
                above.push(frame);
                continue;
            }
            while !cursor.goto_next_sibling() {
                above.pop();
                if !cursor.goto_parent() || above.is_empty() {
                    return;
                }
            }
        }
    }

    /// Notes what a node says; gives what it is to its children, or nothing when these need no look.
    fn visit(&mut self, node: &Node<'_>, above: &mut Frame) -> Option<Frame> {
        let mut below = Frame { group: None, item: false, lead: None, ..*above };
        let kind = node.kind_id();
        if kind == ERROR && !above.error {
            self.errors += node.byte_range().len();
            below.error = true;
        }
        let mut role = self.grammar.role(kind);
        let item = match role {
            Role::Function | Role::Container { .. } | Role::Value { .. } if !above.local => {
                self.item(node, role, above)
            }
            _ => None,
        };
        match role {
            Role::Function | Role::Closure => below.local = true,
            Role::Container { .. } | Role::Value { .. } => below.container = item.or(above.container),
            Role::Lead => self.mentions(node),
            Role::Import => self.imports(node),
            Role::Call(field) => self.call(node, field, above.container),
            Role::Plain | Role::Wrapper | Role::Opaque => {}
        }
        below.items = above.items && matches!(role, Role::Container { .. } | Role::Wrapper | Role::Plain);
        let mut inside = Vec::new();
        if above.items && self.grammar.is_macro(kind) && self.macros < MAX_MACROS {
            inside = macros::items(self.grammar, self.source, node, &mut self.budget);
            if !inside.is_empty() {
                role = Role::Wrapper;
            }
        }
        if above.group.is_some() && node.is_named() {
            self.cut(node, role, above, &mut below);
        }
        if !inside.is_empty() {
            self.macros += 1;
            for tree in &inside {
                self.walk(tree, Frame { item: false, items: true, ..below });
            }
            self.macros -= 1;
            return None;
        }
        (role != Role::Opaque).then_some(below)
    }

    /// Decides whether a part begins at a node whose siblings are cut apart, and whether its children are as well.
    fn cut(&mut self, node: &Node<'_>, role: Role, above: &mut Frame, below: &mut Frame) {
        let line = node.start_position().row;
        let size = node.byte_range().len();
        let begins = self.lines.text_start(line) == Some(node.start_byte());
        if role == Role::Lead {
            if begins {
                above.lead.get_or_insert(line);
            }
            return;
        }
        let is_body = above.item && matches!(role, Role::Plain | Role::Opaque) && size > TARGET;
        if is_body {
            below.group = above.group;
        } else if size > MAX || size > TARGET && matches!(role, Role::Container { .. } | Role::Wrapper) {
            below.group = Some(self.groups);
            below.item = !matches!(role, Role::Plain | Role::Opaque);
            self.groups += 1;
        }
        let lead = above.lead.take();
        if (begins || lead.is_some())
            && let Some(group) = below.group.or(above.group)
        {
            self.begin(lead.unwrap_or(line), group);
        }
        if role == Role::Opaque
            && let Some(group) = below.group.take()
        {
            let inside = line + 1..self.last_line(node);
            for part in subdivide(self.lines, inside) {
                self.begin(part.start, group);
            }
        }
    }

    fn begin(&mut self, line: usize, group: u32) {
        match self.begins.last_mut() {
            // The innermost that begins at a line decides.
            Some(last) if last.line >= line => last.group = group,
            _ => self.begins.push(Begin { line, group }),
        }
    }

    /// The line behind the last one of a node.
    fn last_line(&self, node: &Node<'_>) -> usize {
        let end = node.end_position();
        // Some nodes end with their line, at the start of the next one.
        if end.column == 0 && end.row > node.start_position().row { end.row } else { end.row + 1 }
    }

    /// Notes an item; gives its number when it can have members.
    fn item(&mut self, node: &Node<'_>, role: Role, above: &Frame) -> Option<usize> {
        let fields = &self.grammar.fields;
        let body = field(node, fields.body);
        if body.is_none() && matches!(role, Role::Container { .. } | Role::Value { with_body: true }) {
            return None;
        }
        let named = name_of(node, self.grammar)?;
        let written = self.text(named.byte_range());
        if named.kind().ends_with("pattern") || field(node, fields.left).is_some() && !is_identifier(written) {
            return None;
        }
        let of = spelled(written)?;
        let receiver = match (of.of, field(node, fields.receiver)) {
            (Some(Of::Path(path)), _) => Some(path),
            // Sets what belongs to an object.
            (Some(Of::Member(_)), _) => return None,
            (_, Some(receiver)) => {
                let text = self.text(receiver.byte_range()).trim_end_matches([')', ',', ' ', '\n', '\r', '\t']);
                spelled(text).map(|of| of.name)
            }
            _ => None,
        };
        let (mut start, line) = declared_at(node, self.grammar);
        // Words such as `export`, `type` and `const` belong to nodes around this one.
        if let Some(first) = self.lines.text_start(line)
            && self.source.get(first..start).is_some_and(|before| !before.contains(['{', '}', ';', '/']))
        {
            start = first;
        }
        let at = named.start_byte();
        let mut end = body.map_or(node.end_byte(), |body| body.start_byte());
        if body.is_none() && matches!(role, Role::Value { .. }) {
            end = end.min(self.lines.bytes(&(line..line + 1)).end);
        }
        let name = of.name;
        let container = above.container.and_then(|n| self.items.get(n));
        let (container_at, container) = (container.map(|item| item.at), container.map(|item| item.name.clone()));
        if role != (Role::Container { defines: false }) {
            self.names.push(Named::defines(at, name.into()));
            if let Some(container) = receiver.or(container.as_deref()) {
                let full = format_smolstr!("{container}::{name}");
                if let Some(at) = container_at {
                    self.names.push(Named::refers(at, RelationKind::Contains, full.clone()));
                }
                self.names.push(Named::defines(at, full));
            }
        }
        self.items.push(Item {
            lines: line..self.last_line(node),
            signature: start..end.max(start),
            name: name.into(),
            at,
            within: above.container,
        });
        Some(self.items.len() - 1)
    }

    fn call(&mut self, node: &Node<'_>, field: u16, container: Option<usize>) {
        let Some(called) = node.child_by_field_id(field) else { return };
        let at = called.end_byte();
        let container = container.and_then(|n| self.items.get(n)).map(|item| item.name.as_str());
        let names = &mut self.names;
        let text = self.source.get(node.start_byte()..at).unwrap_or_default();
        spellings(text, container, |name| names.push(Named::refers(at.saturating_sub(1), RelationKind::Calls, name)));
    }

    fn imports(&mut self, node: &Node<'_>) {
        let names = &mut self.names;
        let at = node.start_byte();
        let text = self.source.get(node.byte_range()).unwrap_or_default();
        imported(text, |name| names.push(Named::refers(at, RelationKind::Imports, name)));
    }

    fn mentions(&mut self, node: &Node<'_>) {
        let names = &mut self.names;
        let at = node.start_byte();
        let text = self.source.get(node.byte_range()).unwrap_or_default();
        mentioned(text, |offset, name| names.push(Named::refers(at + offset, RelationKind::Mentions, name)));
    }

    /// The parts, small neighbours of a group together.
    fn pieces(&self) -> Vec<Piece> {
        let mut parts: Vec<(u32, Range<usize>)> = Vec::with_capacity(self.begins.len() + 1);
        let mut start = Begin { line: 0, group: self.begins.first().map_or(0, |first| first.group) };
        let end = Begin { line: self.lines.count(), group: 0 };
        for &begin in self.begins.iter().chain([&end]) {
            let part = self.lines.trim(start.line..begin.line);
            if !part.is_empty() {
                match parts.last_mut() {
                    Some((group, last))
                        if *group == start.group && self.lines.size(&(last.start..part.end)) <= TARGET =>
                    {
                        last.end = part.end;
                    }
                    _ => parts.push((start.group, part)),
                }
            }
            start = begin;
        }
        parts.into_iter().map(|(_, lines)| Piece { title: self.title(&lines), lines }).collect()
    }

    /// What a part is about: the first item that begins in it, or the innermost one that it is part of.
    fn title(&self, part: &Range<usize>) -> String {
        let after = self.items.partition_point(|item| item.lines.start < part.start);
        let first = self.items.get(after).filter(|item| item.lines.start < part.end);
        let around = || {
            let mut before = self.items.get(..after).unwrap_or_default().iter().rev().take(MAX_LOOK_BACK);
            before.find(|item| item.lines.end > part.start)
        };
        first.or_else(around).map(|item| self.title_of(item)).unwrap_or_default()
    }

    fn title_of(&self, item: &Item) -> String {
        let own = self.signature(item);
        let above: Vec<&Item> = std::iter::successors(item.within, |&n| self.items.get(n)?.within)
            .filter_map(|n| self.items.get(n))
            .collect();
        if above.is_empty() {
            return title(&own);
        }
        let join = |shown: &dyn Fn(&Item) -> String| {
            let mut path: Vec<String> = above.iter().rev().map(|item| shown(item)).collect();
            path.push(own.clone());
            path.join(" > ")
        };
        let whole = join(&|item| self.signature(item));
        if whole.chars().count() <= MAX_TITLE { whole } else { title(&join(&|item| item.name.to_string())) }
    }

    /// The signature in one line.
    fn signature(&self, item: &Item) -> String {
        let whole = self.text(item.signature.clone());
        let bounded: String = whole.chars().take(4 * MAX_TITLE).collect();
        let one_line = bounded.split_whitespace().collect::<Vec<_>>().join(" ");
        one_line.trim_end_matches(['{', ' ']).to_owned()
    }
}

/// How many items are looked at for the one that a part without a beginning is in.
const MAX_LOOK_BACK: usize = 4_096;

/// The node that holds an item's name: a field, or the end of a chain of declarators.
fn name_of<'t>(node: &Node<'t>, grammar: &Grammar) -> Option<Node<'t>> {
    let fields = &grammar.fields;
    if let Some(name) = field(node, fields.name) {
        return Some(name);
    }
    if let Some(mut declared) = field(node, fields.declarator) {
        for _ in 0..MAX_DECLARATORS {
            let inner = field(&declared, fields.declarator).or_else(|| field(&declared, fields.name));
            // A qualified name is one.
            match inner.filter(|_| declared.kind() != "qualified_identifier") {
                Some(inner) => declared = inner,
                None => break,
            }
        }
        return Some(declared);
    }
    field(node, fields.left).or_else(|| field(node, fields.kind))
}

const MAX_DECLARATORS: usize = 16;

/// The number of the kind that what does not parse has in every language.
const ERROR: u16 = u16::MAX;

/// Where an item's declaration begins, behind its attributes and comments: byte and line.
fn declared_at(node: &Node<'_>, grammar: &Grammar) -> (usize, usize) {
    let mut cursor = node.walk();
    let mut inside = cursor.goto_first_child();
    while inside {
        let child = cursor.node();
        if child.kind() == "modifiers" && cursor.goto_first_child() {
            continue;
        }
        if grammar.role(child.kind_id()) != Role::Lead {
            return (child.start_byte(), child.start_position().row);
        }
        inside = cursor.goto_next_sibling() || cursor.goto_parent() && cursor.goto_next_sibling();
    }
    (node.start_byte(), node.start_position().row)
}
