//! What cutting by grammar makes of each language.

use ninefold_core::{Chunk, Labels, RelationKind};

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
