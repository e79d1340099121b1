//! Generated Python: classes as those that the predecessor's parser was measured with.

use std::fmt::Write as _;

/// Classes of five documented methods, 36 lines with six definitions each.
pub fn classes(classes: usize) -> String {
    let mut text = String::new();
    for class in 0..classes {
        let _ = write!(text, "class Service{class}:\n    \"\"\"Service number {class}.\"\"\"\n\n");
        for method in 0..5 {
            let _ = write!(
                text,
                "    def method_{method}(self, value, limit={method}):\n        \"\"\"Does step {method}.\"\"\"\n        \
                 if value > limit:\n            value = self.clamp(value)\n        return compute(value, limit)\n\n"
            );
        }
        text.push_str("\n\n\n");
    }
    text
}
