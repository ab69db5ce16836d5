use super::{Located, Node, Part, TemplateError};
use crate::syntax::closing_brace;
use crate::{CompileError, MAX_LENGTH, Program, Scope};
use serde_json::Value;

/// The deepest value that may be a template; a deeper one could not have been read from a file.
const MAX_NESTING: usize = 128;

pub(super) fn compile(
    value: &Value,
    scope: &Scope,
    secret_leaves: bool,
) -> Result<Node, Vec<TemplateError>> {
    let mut compiler = Compiler {
        scope,
        secret_leaves,
        errors: Vec::new(),
    };
    let node = compiler.node(value, "", 0);
    if compiler.errors.is_empty() {
        return Ok(node);
    }
    Err(compiler.errors)
}

struct Compiler<'s> {
    scope: &'s Scope,
    secret_leaves: bool,
    errors: Vec<TemplateError>,
}

impl Compiler<'_> {
    /// The node of a value; after an error it is not used.
    fn node(&mut self, value: &Value, pointer: &str, depth: usize) -> Node {
        if depth > MAX_NESTING {
            let message = format!("this value is nested more than {MAX_NESTING} levels deep");
            self.error(pointer, CompileError::new(message, 0..0));
            return Node::Constant(Value::Null);
        }
        match value {
            Value::String(text) => self.text(text, pointer).unwrap_or_else(|error| {
                self.error(pointer, error);
                Node::Constant(Value::Null)
            }),
            Value::Array(items) => {
                let child = |(index, item): (usize, &Value)| {
                    self.node(item, &format!("{pointer}/{index}"), depth + 1)
                };
                let nodes: Vec<Node> = items.iter().enumerate().map(child).collect();
                list(nodes)
            }
            Value::Object(map) => {
                let child = |(key, item): (&String, &Value)| {
                    let pointer = format!("{pointer}/{}", escape(key));
                    (key.clone(), self.node(item, &pointer, depth + 1))
                };
                object(map.iter().map(child).collect())
            }
            _ => Node::Constant(value.clone()),
        }
    }

    fn error(&mut self, pointer: &str, error: CompileError) {
        let pointer = pointer.to_owned();
        self.errors.push(TemplateError { pointer, error });
    }

    fn text(&mut self, text: &str, pointer: &str) -> Result<Node, CompileError> {
        let mut parts = self.parts(text, pointer)?;
        if let [Part::Expression(_)] = parts.as_slice()
            && let Some(Part::Expression(place)) = parts.pop()
        {
            let variable = place.program.variable();
            let secret = variable.filter(|it| self.secret_leaves && it.root == "secrets");
            let name = secret.and_then(|it| it.member.clone());
            return match name {
                Some(name) => Ok(Node::Secret { name, place }),
                None => self
                    .refuse_secrets(&place)
                    .map(|()| Node::Expression(place)),
            };
        }
        for part in &parts {
            if let Part::Expression(place) = part {
                self.refuse_secrets(place)?;
            }
        }
        Ok(match parts.as_slice() {
            [] => Node::Constant(Value::from("")),
            [Part::Literal(literal)] => Node::Constant(Value::from(literal.as_str())),
            _ => Node::Text(parts),
        })
    }

    fn parts(&mut self, text: &str, pointer: &str) -> Result<Vec<Part>, CompileError> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find("${") {
            let dollar = at + found;
            if text[at..dollar].ends_with('$') {
                literal.push_str(&text[at..dollar - 1]);
                literal.push_str("${");
                at = dollar + 2;
                continue;
            }
            literal.push_str(&text[at..dollar]);
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            let offset = dollar + 2;
            let source = expression(&text[offset..]).map_err(|error| shift(error, offset))?;
            let program =
                Program::compile(source, self.scope).map_err(|error| shift(error, offset))?;
            parts.push(Part::Expression(Located {
                program,
                pointer: pointer.to_owned(),
                offset,
            }));
            at = offset + source.len() + 1;
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(parts)
    }

    fn refuse_secrets(&self, place: &Located) -> Result<(), CompileError> {
        let mut references = place.program.references().iter();
        let secret = references.find(|it| self.secret_leaves && it.root == "secrets");
        let Some(secret) = secret else { return Ok(()) };
        let name = secret.member.as_deref().unwrap_or("<name>");
        let span = secret.span.0 + place.offset..secret.span.1 + place.offset;
        let message = "a secret can only stand alone as a whole value here";
        Err(CompileError::new(message, span).with_hint(format!("write \"${{ secrets.{name} }}\"")))
    }
}

/// The source of the expression at the start of the text, which goes on behind its closing brace.
fn expression(text: &str) -> Result<&str, CompileError> {
    let cap = text.floor_char_boundary(MAX_LENGTH + 1);
    match closing_brace(&text[..cap]) {
        Ok(end) => Ok(&text[..end]),
        Err(_) if cap < text.len() => {
            let message = format!(
                "expected `}}` within {MAX_LENGTH} bytes, the longest that an expression may be"
            );
            Err(CompileError::new(message, 0..cap).with_hint("write `$${` for a literal `${`"))
        }
        Err(error) if error.hint.is_none() => {
            Err(error.with_hint("write `$${` for a literal `${`"))
        }
        Err(error) => Err(error),
    }
}

fn shift(mut error: CompileError, by: usize) -> CompileError {
    error.span = error.span.start + by..error.span.end + by;
    error
}

fn list(nodes: Vec<Node>) -> Node {
    let constants: Option<Vec<Value>> = nodes.iter().map(constant).collect();
    constants.map_or(Node::List(nodes), |items| {
        Node::Constant(Value::Array(items))
    })
}

fn object(entries: Vec<(String, Node)>) -> Node {
    let constants = entries
        .iter()
        .map(|(key, node)| Some((key.clone(), constant(node)?)));
    let constants: Option<serde_json::Map<String, Value>> = constants.collect();
    constants.map_or(Node::Object(entries), |map| {
        Node::Constant(Value::Object(map))
    })
}

fn constant(node: &Node) -> Option<Value> {
    match node {
        Node::Constant(value) => Some(value.clone()),
        _ => None,
    }
}

/// A key as a part of a JSON pointer.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
