use std::sync::Arc;

use expression::Document;
use serde_json::Value;

/// An event on its way.
///
/// Rules that only look at attributes never ask for [`Event::data`], so an implementation may parse the body when it
/// is asked first, and keep it.
pub trait Event {
    /// An attribute of CloudEvents (`type`, `source`, `subject`, `id`, an extension) when it is a text: what
    /// `meta().get(name)` is. None where it is absent or no text.
    fn attribute(&self, name: &str) -> Option<&str>;

    /// All attributes as an object: what expressions see as `meta`.
    fn meta(&self) -> Arc<Value>;

    /// The data: what expressions see as `event`. None where there is none or it is no JSON.
    fn data(&self) -> Option<Arc<Value>>;

    /// The data (`event`) or the attributes (`meta`) as a document, where nobody has made values of them: it is asked
    /// first.
    fn document(&self, _root: &str) -> Option<Arc<Document>> {
        None
    }

    /// What expressions see as `window`: the events of a window that closes. None for any other event.
    fn window(&self) -> Option<Arc<Value>> {
        None
    }

    /// When it was accepted, in milliseconds since the Unix epoch: what expressions see as `now`.
    fn at_ms(&self) -> i64;
}
