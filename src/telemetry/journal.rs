//! The journal: each field of a message as a field of the entry, to look for with `journalctl CALL_CID=…`, and all of them in its
//! text as well, for who only reads that.

use std::fmt::{self, Write as _};
use std::io;

use tracing::field::{DisplayValue, Field, Value, Visit, display};
use tracing::subscriber::Subscriber;
use tracing::{Event, field};
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// More fields than `tracing` lets a message have.
const MOST: usize = 32;
/// The field that is for the journal only.
pub(super) const ID: &str = "message_id";

/// Writes to the journal.
pub(super) struct Journal(tracing_journald::Layer);

impl Journal {
    /// Fails where there is no journal.
    pub(super) fn open() -> io::Result<Self> {
        let priorities = PriorityMappings { info: Priority::Informational, debug: Priority::Debug, ..PriorityMappings::new() };
        let layer = tracing_journald::layer()?.with_field_prefix(None).with_priority_mappings(priorities);
        Ok(Self(layer.with_syslog_identifier("callbox".to_owned())))
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut heard = Heard::default();
        event.record(&mut heard);
        let fields = event.metadata().fields();
        let Some(message) = fields.field("message") else {
            return self.0.on_event(event, context);
        };
        let text = display(heard.text());
        let mut values: [(&Field, Option<&dyn Value>); MOST] = [(&message, None); MOST];
        let all = heard.fields.iter().map(|(field, value)| (field, Some(value as &dyn Value)));
        for (place, value) in values.iter_mut().zip([(&message, Some(&text as &dyn Value))].into_iter().chain(all)) {
            *place = value;
        }
        self.0.on_event(&Event::new(event.metadata(), &fields.value_set(&values)), context);
    }
}

/// What a message says.
#[derive(Default)]
struct Heard {
    message: String,
    fields: Vec<(Field, DisplayValue<String>)>,
}

impl Heard {
    /// As it is read by who sees nothing else.
    fn text(&self) -> String {
        let mut text = self.message.clone();
        for (field, value) in self.fields.iter().filter(|(field, _)| field.name() != ID) {
            let _ = write!(text, " {}={value}", field.name());
        }
        text
    }
}

impl Visit for Heard {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.fields.push((field.clone(), field::display(text)));
        }
    }
}
