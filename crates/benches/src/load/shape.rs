//! How many are under way, and in how many requests.

/// The shape of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Connections, each with one request at a time.
    pub(crate) connections: usize,
    /// Workflows of one request; 1 is a request without a batch.
    pub(crate) batch: usize,
}

impl Shape {
    /// So many connections, each with a request of its own for each workflow.
    pub(crate) const fn single(connections: usize) -> Self {
        Self::batches(connections, 1)
    }

    /// So many connections, each with batches of that size.
    pub(crate) const fn batches(connections: usize, batch: usize) -> Self {
        Self { connections, batch }
    }

    /// Workflows in flight.
    pub(crate) const fn in_flight(self) -> usize {
        self.connections * self.batch
    }

    /// For people.
    pub(crate) fn name(self) -> String {
        let Self { connections, batch } = self;
        match (connections, batch) {
            (1, 1) => "1 at a time".to_owned(),
            (_, 1) => format!("{connections} single requests"),
            _ => format!("{} in {connections} batches of {batch}", self.in_flight()),
        }
    }

    /// For a plot: connections times workflows of a request.
    pub(crate) fn label(self) -> String {
        format!("{} × {}", self.connections, self.batch)
    }
}
