//! What cutting by grammar makes of each language.

// Functions that tests share report by panicking too.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use ninefold_core::{Chunk, Labels, RelationKind};
use proptest::prelude::*;

use super::split;

fn cut(path: &str, text: &str) -> Vec<Chunk> {
    let chunks = split(path, text, &Labels::none());
    let mut end = 0;
    for chunk in &chunks {
        let start = usize::try_from(chunk.offset).unwrap();
        assert_eq!(text.get(start..start + chunk.text.len()), Some(chunk.text.as_str()), "{path}");
        assert!(text[end..start].trim().is_empty(), "lost {:?}", &text[end..start]);
        end = start + chunk.text.len();
    }
    assert!(text[end..].trim().is_empty(), "lost {:?}", &text[end..]);
    chunks
}

fn referred(chunks: &[Chunk], kind: RelationKind) -> Vec<&str> {
    let relations = chunks.iter().flat_map(|chunk| &chunk.relations).filter(|relation| relation.kind == kind);
    relations.map(|relation| relation.target.as_str()).collect()
}

/// A small source in each language: what it defines, calls, imports, contains and mentions.
struct Case {
    path: &'static str,
    source: &'static str,
    defines: &'static [&'static str],
    calls: &'static [&'static str],
    imports: &'static [&'static str],
    contains: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        path: "a.rs",
        source: "use std::sync::{Arc, Mutex as M};\n\n/// Größe: ein `Pool::spawn`, läuft 🚀.\npub struct Pool<T> { inner: Arc<T> }\n\nimpl<T: Send> Clone for Pool<T> {\n    // kürzer\n    fn größe(&self) -> u8 { self.zählen(1); Self::neu(); helper::<T>(2) }\n    fn neu() {}\n}\n\nmod inner { pub fn deep() { super::Pool::<u8>::neu(); } }\nconst LIMIT: u8 = 3;\nenum Way { In, Out }\n",
        defines: &[
            "Pool",
            "größe",
            "Pool::größe",
            "neu",
            "Pool::neu",
            "inner",
            "deep",
            "inner::deep",
            "LIMIT",
            "Way",
            "In",
            "Way::In",
            "Out",
            "Way::Out",
        ],
        calls: &["Pool::zählen", "zählen", "Pool::neu", "neu", "helper"],
        imports: &["Arc", "Mutex"],
        contains: &["Pool::größe", "Pool::neu", "inner::deep", "Way::In", "Way::Out"],
    },
    Case {
        path: "a.py",
        source: "import os.path as p\nfrom a.b import c as d\n\n# übermäßig lang: 🚀 `Pool`\n@wrap(1)\nclass Pool(Base):\n    \"\"\"Größe.\"\"\"\n    limit = 3\n\n    # weiß\n    @staticmethod\n    async def größe(self):\n        def inner(): pass\n        return self.zählen(Pool.neu())\n\nX = call()\na.b = 1\n",
        defines: &["Pool", "limit", "Pool::limit", "größe", "Pool::größe", "X"],
        calls: &["wrap", "Pool::zählen", "zählen", "Pool::neu", "neu", "call"],
        imports: &["path", "b", "c"],
        contains: &["Pool::limit", "Pool::größe"],
    },
    Case {
        path: "a.js",
        source: "import D, { A as B } from './x/y.js';\n// größer 🚀 `Pool`\nexport class Pool extends Base {\n  größe() { return this.zählen(new Map(), Pool.neu()); }\n}\nexport default function main() { const local = 1; helper(); }\nconst f = (x) => x?.go();\n",
        defines: &["Pool", "größe", "Pool::größe", "main", "f"],
        calls: &["Pool::zählen", "zählen", "Map", "Pool::neu", "neu", "helper", "go"],
        imports: &["D", "A", "y.js"],
        contains: &["Pool::größe"],
    },
    Case {
        path: "a.ts",
        source: "import type { A } from './x';\n/** größer 🚀 `Pool` */\nexport interface Shape { größe(a: number): string; farbe: string }\n@Decorated()\nexport abstract class Pool<T> { neu<U>(x: U): void { run<U>(x); } }\nexport type Alias = string;\nnamespace N { export function inside() {} }\nenum Way { In }\n",
        defines: &[
            "Shape",
            "größe",
            "Shape::größe",
            "farbe",
            "Shape::farbe",
            "Pool",
            "neu",
            "Pool::neu",
            "Alias",
            "N",
            "inside",
            "N::inside",
            "Way",
        ],
        calls: &["Decorated", "run"],
        imports: &["A", "x"],
        contains: &["Shape::größe", "Shape::farbe", "Pool::neu", "N::inside"],
    },
    Case {
        path: "a.tsx",
        source: "// größer 🚀 `Pool`\nexport function View({ a }: Props) { return <div onClick={() => go(a)}>é</div>; }\n",
        defines: &["View"],
        calls: &["go"],
        imports: &[],
        contains: &[],
    },
    Case {
        path: "a.go",
        source: "package größe\n\nimport (\n\t\"fmt\"\n\th \"net/http\"\n)\n\n// Pool größer 🚀 `Pool`\ntype Pool[T any] struct { n int }\n\n// Größe zählt.\nfunc (p *Pool[T]) Größe() int { fmt.Println(zählen(1)); return p.neu() }\n\nfunc Main() {}\nconst Limit = 3\nvar A, B = 1, 2\n",
        defines: &["Pool", "Größe", "Pool::Größe", "Main", "Limit", "A"],
        calls: &["Println", "zählen", "neu"],
        imports: &["fmt", "h", "http"],
        contains: &[],
    },
    Case {
        path: "A.java",
        source: "import java.util.List;\nimport static a.B.c;\n/** größer 🚀 `Pool` */\n@Deprecated\npublic class Pool<T> extends Base {\n    private int größe = 3;\n    @Override\n    public int zählen() { return this.neu(List.of(new Foo<T>())); }\n    Pool() {}\n    enum Way { IN }\n}\n",
        defines: &[
            "Pool",
            "größe",
            "Pool::größe",
            "zählen",
            "Pool::zählen",
            "Pool",
            "Pool::Pool",
            "Way",
            "Pool::Way",
            "IN",
            "Way::IN",
        ],
        calls: &["Pool::neu", "neu", "List::of", "of", "Foo"],
        imports: &["List", "c"],
        contains: &["Pool::größe", "Pool::zählen", "Pool::Pool", "Pool::Way", "Way::IN"],
    },
    Case {
        path: "a.c",
        source: "#include <sys/types.h>\n#include \"own.h\"\n/* größer 🚀 `pool` */\n#define LIMIT 3\nstruct pool { int n; };\nstruct pool *pool_new(int n);\ntypedef struct { int x; } point;\n\nstatic int\ngrow(struct pool *p)\n{\n\treturn compute(p->n, p->call(1));\n}\nint table[LIMIT];\n",
        defines: &["LIMIT", "pool", "pool_new", "point", "grow", "table"],
        calls: &["compute", "call"],
        imports: &["types.h", "own.h"],
        contains: &[],
    },
    Case {
        path: "a.cpp",
        source: "#include <vector>\nusing std::string;\n// größer 🚀 `Pool`\nnamespace net {\ntemplate <typename T>\nclass Pool : public Base {\npublic:\n    int größe() const { return this->zählen(std::max<int>(1, 2)); }\n    void neu();\n    int n;\n};\n}\nvoid net::Pool::neu() { Pool::erst(); new Foo(1); }\n",
        defines: &["net", "Pool", "net::Pool", "größe", "Pool::größe", "neu", "Pool::neu", "n", "Pool::n"],
        calls: &["Pool::zählen", "zählen", "std::max", "max", "Pool::erst", "erst", "Foo"],
        imports: &["vector", "string"],
        contains: &["net::Pool", "Pool::größe", "Pool::neu", "Pool::n"],
    },
];

#[test]
fn names_are_whole_behind_comments_that_are_not_ascii_and_with_either_line_end() {
    for case in CASES {
        for source in [case.source.to_owned(), case.source.replace('\n', "\r\n"), format!("\u{feff}{}", case.source)] {
            let chunks = cut(case.path, &source);
            let mut defines: Vec<&str> =
                chunks.iter().flat_map(|chunk| &chunk.defines).map(smol_str::SmolStr::as_str).collect();
            assert_eq!(defines.remove(0), case.path);
            let mut expected = case.defines.to_vec();
            // Within a chunk a name is there once.
            let mut seen = std::collections::HashSet::new();
            expected.retain(|name| seen.insert(*name));
            defines.retain({
                let mut seen = std::collections::HashSet::new();
                move |name| seen.insert(*name)
            });
            assert_eq!(defines, expected, "{} defines", case.path);
            assert_eq!(referred(&chunks, RelationKind::Calls), case.calls, "{} calls", case.path);
            assert_eq!(referred(&chunks, RelationKind::Imports), case.imports, "{} imports", case.path);
            assert_eq!(referred(&chunks, RelationKind::Contains), case.contains, "{} contains", case.path);
            let mentions = referred(&chunks, RelationKind::Mentions);
            assert!(mentions.iter().any(|name| name.to_lowercase().contains("pool")), "{} mentions", case.path);
        }
    }
}

/// An impl of four methods that are a chunk each.
fn large_impl() -> String {
    let body = "        let value = compute(value);\n".repeat(30);
    let method = |name: &str| format!("    /// Does it.\n    #[inline]\n    pub fn {name}(&self) {{\n{body}    }}\n");
    format!(
        "/// Why.\nimpl Wrapper {{\n{}}}\n\nfn after() {{}}\n",
        ["one", "two", "three", "four"].map(method).join("\n")
    )
}

#[test]
fn members_of_a_large_container_are_chunks_with_what_stands_before_them() {
    let chunks = cut("a.rs", &large_impl());
    let titles: Vec<&str> = chunks.iter().map(|chunk| chunk.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "impl Wrapper",
            "impl Wrapper > pub fn two(&self)",
            "impl Wrapper > pub fn three(&self)",
            "impl Wrapper > pub fn four(&self)",
            "fn after()"
        ]
    );
    assert!(chunks[0].text.starts_with("/// Why.\nimpl Wrapper {"));
    assert!(chunks[1].text.starts_with("    /// Does it.\n    #[inline]\n    pub fn two"));
    assert!(chunks[3].text.ends_with("    }\n}"), "the end belongs to the last member");
    assert_eq!(chunks[1].defines, ["two", "Wrapper::two"]);
    let contains = referred(&chunks[..1], RelationKind::Contains);
    assert_eq!(contains, ["Wrapper::one", "Wrapper::two", "Wrapper::three", "Wrapper::four"]);
}

#[test]
fn a_large_function_is_cut_between_statements_and_keeps_its_title() {
    let branch = |n: usize| {
        format!("    if value == {n} {{\n{}    }}\n", "        value = step(value, \"a text\");\n".repeat(12))
    };
    let source =
        format!("fn small() {{}}\n\nfn large(mut value: u8) {{\n{}}}\n", (0..12).map(branch).collect::<String>());
    let chunks = cut("a.rs", &source);
    assert!(chunks.len() >= 4);
    assert_eq!(chunks[0].title, "fn small()");
    for chunk in &chunks[1..] {
        assert_eq!(chunk.title, "fn large(mut value: u8)");
    }
    for chunk in &chunks[2..] {
        assert!(chunk.text.starts_with("    if value == "), "{}", chunk.text);
    }
}

#[test]
fn small_neighbours_share_a_chunk_that_defines_them_all() {
    let chunks = cut("a.go", "package p\n\n// One.\nfunc One() {}\n\nfunc Two() {}\n");
    assert_eq!(chunks.len(), 1);
    assert_eq!(chunks[0].title, "func One()");
    assert_eq!(chunks[0].defines, ["a.go", "One", "Two"]);
}

#[test]
fn signatures_over_several_lines_are_titles_in_one() {
    let filler = "\tcall();\n".repeat(200);
    let c = cut("a.c", &format!("static int\ngrow(struct pool *p,\n     int by)\n{{\n{filler}}}\n"));
    assert_eq!(c[0].title, "static int grow(struct pool *p, int by)");
    let java = cut("A.java", &format!("@Deprecated\npublic class A {{\n  @Override\n  int f() {{\n{filler}  }}\n}}\n"));
    assert_eq!(java[0].title, "public class A");
    let ts = cut("a.ts", "@Injectable()\nexport class A {}\n");
    assert_eq!(ts[0].title, "export class A");
    let python = cut("a.py", "@wrap\nasync def f(\n    a,\n    b,\n):\n    pass\n");
    assert_eq!(python[0].title, "async def f( a, b, ):");
    let go = cut("a.go", "package p\n\ntype Pool struct {\n\tn int\n}\n");
    assert_eq!(go[0].title, "type Pool struct");
}

#[test]
fn what_does_not_parse_is_cut_by_its_shape() {
    let prose = "This is no Rust at all; (it [is {prose, with an odd \" quote.\n\nSecond paragraph here!\n".repeat(20);
    let chunks = cut("a.rs", &prose);
    assert!(chunks.iter().all(|chunk| chunk.relations.is_empty()));
    let broken = format!("fn broken( {{\n\n{}", large_impl());
    assert!(cut("a.rs", &broken).iter().any(|chunk| chunk.title.contains("fn two")), "one error does not matter");
}

#[test]
fn names_are_bounded() {
    let calls: String = (0..2_000).map(|n| format!("f{n}();")).collect();
    let chunks = cut("a.js", &format!("function all() {{ {calls} }}\n"));
    assert!(chunks.iter().all(|chunk| chunk.relations.len() <= Chunk::MAX_NAMES));
    let members: String = (0..2_000).map(|n| format!("  int m{n};\n")).collect();
    let chunks = cut("A.java", &format!("class A {{\n{members}}}\n"));
    assert_eq!(chunks[0].relations.len(), Chunk::MAX_NAMES);
}

const PATHS: [&str; 10] = ["a.rs", "a.py", "a.js", "a.ts", "a.tsx", "a.go", "A.java", "a.c", "a.cpp", "a.md"];

#[test]
fn hostile_sources_are_cut_in_bounded_time() {
    let deep = 20_000;
    let mut sources = vec![
        "(".repeat(deep),
        "{".repeat(deep),
        format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
        "if (a) { ".repeat(deep / 8),
        "class A { ".repeat(deep / 8),
        "fn f() { ".repeat(deep / 8),
        "a.b(".repeat(deep / 4),
        "<div>".repeat(deep / 8),
        "\"".repeat(deep + 1),
        "`".repeat(deep + 1),
        "/*".repeat(deep),
        "\0\u{1}\u{feff}".repeat(deep / 4),
        "\u{feff}\r\r\n\r".repeat(deep / 4),
        "é🚀".repeat(deep / 2),
        "x y ".repeat(512 * 1024),
        "1. ".repeat(128 * 1024),
        "`a` [](b.rs) ".repeat(8 * 1024),
        "a + ".repeat(deep / 2),
        "a::".repeat(deep / 2),
        "template<".repeat(deep / 8),
        "#if a\n".repeat(deep / 8),
        "    ".repeat(deep / 8) + "def f():\n",
    ];
    sources.push((0..2_000).map(|n| format!("{}def f{n}():\n", " ".repeat(n))).collect());
    for source in &sources {
        for path in PATHS {
            cut(path, source);
        }
    }
}

/// Sources made of pieces of the cases above, whole and torn.
fn torn() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => (0..CASES.len(), any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(case, from, to)| {
            let chars: Vec<char> = CASES[case].source.chars().collect();
            let (from, to) = (from.index(chars.len()), to.index(chars.len()));
            chars[from.min(to)..from.max(to)].iter().collect::<String>()
        }),
        2 => (0..CASES.len()).prop_map(|case| CASES[case].source.to_owned()),
        1 => any::<String>(),
        1 => Just("\n\n".to_owned()),
        1 => (1_000_usize..6_000).prop_map(|length| "call(a); é\n".repeat(length / 12)),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_line_is_in_one_chunk_whatever_the_language(
        source in torn(),
        path in prop::sample::select(PATHS.to_vec()),
        crlf in any::<bool>(),
    ) {
        let source = if crlf { source.replace('\n', "\r\n") } else { source };
        let lines: Vec<&str> = source.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let mut last = 0;
        for chunk in cut(path, &source) {
            prop_assert!(chunk.text.len() <= super::code::MAX);
            prop_assert!(chunk.title.chars().count() <= 120 && !chunk.title.contains(['\n', '\r']));
            let whole = lines[chunk.lines.first as usize - 1].len() <= split::TEXT_MAX;
            prop_assert!(chunk.lines.first > last || !whole, "line {} again", last);
            last = chunk.lines.last;
            prop_assert!(chunk.defines.len() <= Chunk::MAX_NAMES && chunk.relations.len() <= Chunk::MAX_NAMES);
            for name in &chunk.defines {
                prop_assert!(!name.contains(char::is_whitespace), "{:?}", name);
            }
        }
    }
}
