//! What the languages call their parts: one row for each. The names are the kinds of nodes in the grammars' own
//! `node-types.json`; a language is added by its row and its endings.

use std::sync::LazyLock;

use tree_sitter::{Language, Node};

/// A language: the endings of its files, its grammar, and which kinds of nodes play which part.
struct Row {
    endings: &'static [&'static str],
    language: fn() -> Language,
    /// What has a name and statements.
    functions: &'static [&'static str],
    /// What has a name and members that stand for themselves.
    containers: &'static [&'static str],
    /// A container that adds members to what is defined elsewhere.
    extensions: &'static [&'static str],
    /// What has a name, and neither statements nor members that stand for themselves.
    values: &'static [&'static str],
    /// The same, where it has a body; without one it is only referred to.
    with_body: &'static [&'static str],
    /// What has no name, and holds what has one.
    wrappers: &'static [&'static str],
    /// Functions without a name: what is named inside of them is nobody else's.
    closures: &'static [&'static str],
    /// What belongs to what comes after it.
    leads: &'static [&'static str],
    imports: &'static [&'static str],
    /// A call and the field whose end is the end of what is called.
    calls: &'static [(&'static str, &'static str)],
    /// What the grammar does not look into.
    opaque: &'static [&'static str],
    /// What may hold items that the grammar does not look into, and what they stand in.
    macros: Option<(&'static str, &'static str)>,
}

const NONE: Row = Row {
    endings: &[],
    language: || tree_sitter_rust::LANGUAGE.into(),
    functions: &[],
    containers: &[],
    extensions: &[],
    values: &[],
    with_body: &[],
    wrappers: &[],
    closures: &[],
    leads: &[],
    imports: &[],
    calls: &[],
    opaque: &[],
    macros: None,
};

const RUST: Row = Row {
    endings: &["rs"],
    language: || tree_sitter_rust::LANGUAGE.into(),
    functions: &["function_item", "function_signature_item", "macro_definition"],
    containers: &["trait_item", "mod_item"],
    extensions: &["impl_item"],
    values: &[
        "struct_item",
        "enum_item",
        "union_item",
        "type_item",
        "const_item",
        "static_item",
        "associated_type",
        "enum_variant",
    ],
    wrappers: &["foreign_mod_item"],
    closures: &["closure_expression"],
    leads: &["line_comment", "block_comment", "attribute_item", "inner_attribute_item"],
    imports: &["use_declaration", "extern_crate_declaration"],
    calls: &[("call_expression", "function"), ("macro_invocation", "macro")],
    opaque: &["token_tree"],
    macros: Some(("macro_invocation", "token_tree")),
    ..NONE
};

const PYTHON: Row = Row {
    endings: &["py", "pyi"],
    language: || tree_sitter_python::LANGUAGE.into(),
    functions: &["function_definition"],
    containers: &["class_definition"],
    values: &["assignment", "type_alias_statement"],
    wrappers: &["decorated_definition"],
    closures: &["lambda"],
    leads: &["comment", "decorator"],
    imports: &["import_statement", "import_from_statement"],
    calls: &[("call", "function")],
    ..NONE
};

const JAVASCRIPT: Row = Row {
    endings: &["js", "mjs", "cjs", "jsx"],
    language: || tree_sitter_javascript::LANGUAGE.into(),
    functions: &["function_declaration", "generator_function_declaration", "method_definition"],
    containers: &["class_declaration"],
    values: &["variable_declarator", "field_definition"],
    wrappers: &["export_statement"],
    closures: &["arrow_function", "function_expression"],
    leads: &["comment", "decorator"],
    imports: &["import_statement"],
    calls: &[("call_expression", "function"), ("new_expression", "constructor")],
    ..NONE
};

const TYPESCRIPT: Row = Row {
    endings: &["ts", "mts", "cts"],
    language: || tree_sitter_typescript::LANGUAGE_TYPESCRIPT.into(),
    functions: &[
        "function_declaration",
        "generator_function_declaration",
        "method_definition",
        "function_signature",
        "method_signature",
        "abstract_method_signature",
    ],
    containers: &[
        "class_declaration",
        "abstract_class_declaration",
        "interface_declaration",
        "internal_module",
        "module",
    ],
    values: &[
        "variable_declarator",
        "public_field_definition",
        "property_signature",
        "type_alias_declaration",
        "enum_declaration",
    ],
    wrappers: &["export_statement", "ambient_declaration"],
    ..JAVASCRIPT
};

const TSX: Row = Row { endings: &["tsx"], language: || tree_sitter_typescript::LANGUAGE_TSX.into(), ..TYPESCRIPT };

const GO: Row = Row {
    endings: &["go"],
    language: || tree_sitter_go::LANGUAGE.into(),
    functions: &["function_declaration", "method_declaration"],
    values: &["type_spec", "type_alias", "const_spec", "var_spec", "method_elem"],
    closures: &["func_literal"],
    leads: &["comment"],
    imports: &["import_declaration"],
    calls: &[("call_expression", "function")],
    ..NONE
};

const JAVA: Row = Row {
    endings: &["java"],
    language: || tree_sitter_java::LANGUAGE.into(),
    functions: &["method_declaration", "constructor_declaration", "compact_constructor_declaration"],
    containers: &[
        "class_declaration",
        "interface_declaration",
        "enum_declaration",
        "record_declaration",
        "annotation_type_declaration",
    ],
    values: &["field_declaration", "constant_declaration", "enum_constant"],
    closures: &["lambda_expression"],
    leads: &["line_comment", "block_comment", "annotation", "marker_annotation"],
    imports: &["import_declaration"],
    calls: &[("method_invocation", "name"), ("object_creation_expression", "type")],
    ..NONE
};

const C: Row = Row {
    endings: &["c", "h"],
    language: || tree_sitter_c::LANGUAGE.into(),
    functions: &["function_definition", "preproc_function_def"],
    values: &["declaration", "type_definition", "preproc_def", "enumerator"],
    with_body: &["struct_specifier", "union_specifier", "enum_specifier"],
    wrappers: &[
        "preproc_ifdef",
        "preproc_if",
        "preproc_else",
        "preproc_elif",
        "linkage_specification",
        "declaration_list",
    ],
    leads: &["comment"],
    imports: &["preproc_include"],
    calls: &[("call_expression", "function")],
    opaque: &["preproc_arg"],
    ..NONE
};

const CPP: Row = Row {
    endings: &["cc", "cpp", "cu", "cxx", "hh", "hpp", "hxx"],
    language: || tree_sitter_cpp::LANGUAGE.into(),
    containers: &["namespace_definition", "class_specifier", "struct_specifier"],
    values: &[
        "declaration",
        "type_definition",
        "preproc_def",
        "enumerator",
        "field_declaration",
        "alias_declaration",
        "concept_definition",
    ],
    with_body: &["union_specifier", "enum_specifier"],
    wrappers: &[
        "preproc_ifdef",
        "preproc_if",
        "preproc_else",
        "preproc_elif",
        "linkage_specification",
        "declaration_list",
        "template_declaration",
    ],
    closures: &["lambda_expression"],
    imports: &["preproc_include", "using_declaration"],
    calls: &[("call_expression", "function"), ("new_expression", "type")],
    ..C
};

const ROWS: [Row; 9] = [RUST, PYTHON, JAVASCRIPT, TYPESCRIPT, TSX, GO, JAVA, C, CPP];

/// The part a kind of node plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Plain,
    Function,
    Container {
        defines: bool,
    },
    Value {
        with_body: bool,
    },
    Wrapper,
    Closure,
    Lead,
    Import,
    /// With the number of the field that ends what is called.
    Call(u16),
    Opaque,
}

/// A language ready to use.
pub(super) struct Grammar {
    pub(super) language: Language,
    pub(super) fields: Fields,
    /// By the number of the kind.
    roles: Vec<Role>,
    /// The numbers of the kinds.
    macros: Option<(u16, u16)>,
}

/// The numbers of the fields by which items are read; 0, which no field has, for those that the language lacks.
pub(super) struct Fields {
    pub(super) body: u16,
    pub(super) declarator: u16,
    pub(super) left: u16,
    pub(super) name: u16,
    pub(super) receiver: u16,
    pub(super) kind: u16,
}

impl Fields {
    fn of(language: &Language) -> Self {
        let of = |name| language.field_id_for_name(name).map_or(0, std::num::NonZero::get);
        Self {
            body: of("body"),
            declarator: of("declarator"),
            left: of("left"),
            name: of("name"),
            receiver: of("receiver"),
            kind: of("type"),
        }
    }
}

/// The child in a field, if the language has it.
pub(super) fn field<'t>(node: &Node<'t>, field: u16) -> Option<Node<'t>> {
    if field == 0 { None } else { node.child_by_field_id(field) }
}

impl Grammar {
    fn of(row: &Row) -> Self {
        let language = (row.language)();
        let mut roles = Vec::with_capacity(language.node_kind_count());
        for id in 0..language.node_kind_count() {
            let id = u16::try_from(id).unwrap_or(u16::MAX);
            let kind = language.node_kind_for_id(id).filter(|_| language.node_kind_is_named(id)).unwrap_or_default();
            roles.push(row.role(&language, kind));
        }
        let kind = |name| language.id_for_node_kind(name, true);
        let macros = row.macros.map(|(invocation, tokens)| (kind(invocation), kind(tokens)));
        Self { fields: Fields::of(&language), language, roles, macros }
    }

    /// Whether nodes of this kind may hold items that the grammar does not look into.
    pub(super) fn is_macro(&self, kind: u16) -> bool {
        self.macros.is_some_and(|(invocation, _)| invocation == kind)
    }

    /// Whether nodes of this kind are what such items stand in.
    pub(super) fn is_tokens(&self, kind: u16) -> bool {
        self.macros.is_some_and(|(_, tokens)| tokens == kind)
    }

    /// The part that nodes of this kind play.
    pub(super) fn role(&self, kind: u16) -> Role {
        self.roles.get(usize::from(kind)).copied().unwrap_or(Role::Plain)
    }
}

impl Row {
    fn role(&self, language: &Language, kind: &str) -> Role {
        let roles = [
            (self.functions, Role::Function),
            (self.containers, Role::Container { defines: true }),
            (self.extensions, Role::Container { defines: false }),
            (self.values, Role::Value { with_body: false }),
            (self.with_body, Role::Value { with_body: true }),
            (self.wrappers, Role::Wrapper),
            (self.closures, Role::Closure),
            (self.leads, Role::Lead),
            (self.imports, Role::Import),
            (self.opaque, Role::Opaque),
        ];
        if let Some((_, role)) = roles.into_iter().find(|(kinds, _)| kinds.contains(&kind)) {
            return role;
        }
        let call = self.calls.iter().find(|(call, _)| *call == kind);
        let field = call.and_then(|(_, field)| language.field_id_for_name(field));
        field.map_or(Role::Plain, |field| Role::Call(field.get()))
    }
}

/// The grammar for a file with this path, if there is one.
pub(super) fn of_path(path: &str) -> Option<&'static Grammar> {
    static GRAMMARS: [LazyLock<Grammar>; ROWS.len()] = [
        LazyLock::new(|| Grammar::of(&RUST)),
        LazyLock::new(|| Grammar::of(&PYTHON)),
        LazyLock::new(|| Grammar::of(&JAVASCRIPT)),
        LazyLock::new(|| Grammar::of(&TYPESCRIPT)),
        LazyLock::new(|| Grammar::of(&TSX)),
        LazyLock::new(|| Grammar::of(&GO)),
        LazyLock::new(|| Grammar::of(&JAVA)),
        LazyLock::new(|| Grammar::of(&C)),
        LazyLock::new(|| Grammar::of(&CPP)),
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
    let n = ROWS.iter().position(|row| row.endings.contains(&ending.as_str()))?;
    GRAMMARS.get(n).map(|grammar| &**grammar)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_field_is_one_of_the_grammar() {
        for row in &ROWS {
            let language = (row.language)();
            let lists = [
                row.functions,
                row.containers,
                row.extensions,
                row.values,
                row.with_body,
                row.wrappers,
                row.closures,
                row.leads,
                row.imports,
                row.opaque,
            ];
            let calls = row.calls.iter().map(|(call, _)| call);
            for kind in lists.into_iter().flatten().chain(calls) {
                assert_ne!(language.id_for_node_kind(kind, true), 0, "{:?} has no {kind}", row.endings);
            }
            for (_, field) in row.calls {
                assert!(language.field_id_for_name(field).is_some(), "{:?} has no {field}", row.endings);
            }
            let mut parser = tree_sitter::Parser::new();
            assert!(parser.set_language(&language).is_ok(), "{:?} does not fit the parser", row.endings);
        }
    }

    #[test]
    fn endings_lead_to_grammars_and_are_source_code() {
        for ending in ROWS.iter().flat_map(|row| row.endings) {
            let path = format!("/a.b/x.{ending}");
            assert!(of_path(&path).is_some(), "{path}");
            assert_eq!(super::super::split::kind_of(&path), ninefold_core::ChunkKind::Code, "{path}");
        }
        assert!(of_path("/a.rs/x").is_none() && of_path("x.kt").is_none() && of_path("x.RS").is_some());
    }
}
