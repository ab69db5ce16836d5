use std::collections::BTreeSet;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError};

use super::alias::{AliasError, Anchors};
use super::yaml_hint::{quoting_hint, tag_hint};
use super::{Entry, Node, NodeValue, Path, Span, scalar};
use crate::diagnostic::{At, Report, codes};

/// The largest file, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// How deep lists and maps may nest.
pub const MAX_DEPTH: usize = 100;

/// The documents of a file, as far as they can be read; what cannot is reported.
pub(crate) fn parse(report: &mut Report) -> Vec<Node> {
    let text = report.file.text.clone();
    let mut options = Options::default();
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(&text, options);
    let mut reader = Reader::new(report);
    while let Some(event) = parser.next_event() {
        let outcome = match event {
            Ok((event, span)) => reader.event(event, &span),
            Err(error) => Err(reader.syntax_error(&error)),
        };
        if outcome.is_err() {
            break;
        }
    }
    reader.documents
}

/// The rest of the file is not read; the reason was reported.
struct Stop;

struct Reader<'r> {
    report: &'r mut Report,
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: Anchors,
}

/// A list or map that has not ended yet.
struct Open {
    container: Container,
    anchor: usize,
    span: Span,
    path: Path,
}

enum Container {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        seen: BTreeSet<String>,
        key: Option<(String, Span)>,
    },
}

impl<'r> Reader<'r> {
    fn new(report: &'r mut Report) -> Self {
        Self {
            report,
            documents: Vec::new(),
            open: Vec::new(),
            anchors: Anchors::default(),
        }
    }

    fn event(&mut self, event: Event<'_>, place: &granit_parser::Span) -> Result<(), Stop> {
        let span = convert(place);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let broken = tag.is_some() && self.refuse_tag(place, &span);
                self.scalar(&text, style, anchor, span, broken)
            }
            Event::Alias(id) => self.alias(id, span),
            Event::SequenceStart(_, anchor, tag) => {
                let broken = tag.is_some() && self.refuse_tag(place, &span);
                self.start(Container::List(Vec::new()), anchor, span, broken)
            }
            Event::MappingStart(_, anchor, tag) => {
                let broken = tag.is_some() && self.refuse_tag(place, &span);
                let container = Container::Map {
                    entries: Vec::new(),
                    seen: BTreeSet::new(),
                    key: None,
                };
                self.start(container, anchor, span, broken)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        span: Span,
        broken: bool,
    ) -> Result<(), Stop> {
        if self.expects_key() {
            self.take_key(text, span);
            return Ok(());
        }
        let value = match style {
            _ if broken => NodeValue::Broken,
            ScalarStyle::Plain => scalar::plain(text),
            _ => NodeValue::Text(text.to_owned()),
        };
        let node = Node {
            value,
            span,
            path: self.path(),
        };
        self.finish(node, anchor)
    }

    fn start(
        &mut self,
        container: Container,
        anchor: usize,
        span: Span,
        broken: bool,
    ) -> Result<(), Stop> {
        if broken {
            return Err(Stop);
        }
        if self.expects_key() {
            let message = "expected a text as key, but found a list or a mapping";
            self.report(&codes::KEY_NOT_TEXT, span, message);
            return Err(Stop);
        }
        if self.open.len() >= MAX_DEPTH {
            self.report(&codes::TOO_DEEP, span, &too_deep());
            return Err(Stop);
        }
        let path = self.path();
        self.open.push(Open {
            container,
            anchor,
            span,
            path,
        });
        Ok(())
    }

    fn end(&mut self, end: Span) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.container {
            Container::List(items) => NodeValue::List(items),
            Container::Map { entries, .. } => NodeValue::Map(entries),
        };
        let span = Span {
            end: end.end.max(open.span.end),
            ..open.span
        };
        self.finish(
            Node {
                value,
                span,
                path: open.path,
            },
            open.anchor,
        )
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        if self.expects_key() {
            self.report(
                &codes::KEY_NOT_TEXT,
                span,
                "expected a text as key, but found an alias",
            );
            return Err(Stop);
        }
        match self.anchors.copy(id, self.path(), self.open.len()) {
            Ok(node) => self.finish(node, 0),
            Err(error) => Err(self.refuse_alias(&error, span)),
        }
    }

    /// Puts a finished node where it belongs.
    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        if let Err(error) = self.anchors.remember(anchor, &node) {
            return Err(self.refuse_alias(&error, node.span));
        }
        match self.open.last_mut().map(|open| &mut open.container) {
            None => self.documents.push(node),
            Some(Container::List(items)) => items.push(node),
            Some(Container::Map { entries, key, seen }) => {
                let (key, key_span) = key.take().unwrap_or_default();
                if seen.insert(key.clone()) {
                    entries.push(Entry {
                        key,
                        key_span,
                        value: node,
                    });
                }
            }
        }
        Ok(())
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                container: Container::Map { key: None, .. },
                ..
            })
        )
    }

    fn take_key(&mut self, text: &str, span: Span) {
        let path = self
            .open
            .last()
            .map(|open| open.path.clone())
            .unwrap_or_default();
        let Some(Open {
            container: Container::Map { key, seen, .. },
            ..
        }) = self.open.last_mut()
        else {
            return;
        };
        *key = Some((text.to_owned(), span));
        if seen.contains(text) {
            let at = At {
                span,
                path: path.key(text),
            };
            self.report.error(
                &codes::DUPLICATE_KEY,
                &at,
                format!("the key `{text}` is given twice"),
            );
        }
    }

    /// Where the next node will stand.
    fn path(&self) -> Path {
        match self.open.last() {
            None => Path::default(),
            Some(Open {
                container: Container::List(items),
                path,
                ..
            }) => path.index(items.len()),
            Some(Open {
                container: Container::Map { key, .. },
                path,
                ..
            }) => key
                .as_ref()
                .map_or_else(|| path.clone(), |(key, _)| path.key(key)),
        }
    }

    fn report(&mut self, code: &'static codes::Code, span: Span, message: &str) {
        let at = At {
            span,
            path: self.path(),
        };
        self.report.error(code, &at, message);
    }

    /// Reports a tag; always true, for the node is not to be used.
    fn refuse_tag(&mut self, place: &granit_parser::Span, span: &Span) -> bool {
        let tag = place.tag_span().map_or(*span, |tag| convert(&tag));
        let line = self.report.file.line(tag.line).to_owned();
        let column = tag.column.saturating_sub(1) as usize;
        let start = line
            .char_indices()
            .nth(column)
            .map_or(line.len(), |(index, _)| index);
        let key = match self.open.last() {
            Some(Open {
                container:
                    Container::Map {
                        key: Some((key, _)),
                        ..
                    },
                ..
            }) => Some(key.as_str()),
            _ => None,
        };
        let hint = tag_hint(key, &line[..start], &line[start..]);
        let at = At {
            span: tag,
            path: self.path(),
        };
        let message = "YAML reads what begins with `!` as a tag, and tags are not allowed";
        let found = self.report.error(&codes::TAG, &at, message);
        found.hint(hint);
        true
    }

    fn refuse_alias(&mut self, error: &AliasError, span: Span) -> Stop {
        let message = match error {
            AliasError::Recursive => "an alias stands inside the node that it names",
            AliasError::TooMuch => "aliases add up to too large a document",
        };
        self.report(&codes::ALIAS, span, message);
        Stop
    }

    fn syntax_error(&mut self, error: &ScanError) -> Stop {
        let span = convert(&granit_parser::Span::empty(*error.marker()));
        let at = At {
            span,
            path: self.path(),
        };
        let line = self.report.file.line(span.line).to_owned();
        let before = self
            .report
            .file
            .line(span.line.saturating_sub(1).max(1))
            .to_owned();
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            self.report(&codes::TOO_DEEP, span, &too_deep());
            return Stop;
        }
        let message = format!("this is not YAML: {}", error.info());
        let found = self.report.error(&codes::SYNTAX, &at, message);
        found.hint = quoting_hint(&line).or_else(|| quoting_hint(&before));
        Stop
    }
}

fn too_deep() -> String {
    format!("lists and mappings nest deeper than {MAX_DEPTH} levels")
}

fn convert(span: &granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or_default();
    Span {
        line: u32::try_from(span.start.line()).unwrap_or(u32::MAX),
        column: u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
        start,
        end: span.end.byte_offset().unwrap_or(start),
    }
}
