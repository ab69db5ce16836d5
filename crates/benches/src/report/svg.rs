//! Plots as SVG: lines through medians, or bars side by side, each with the spread as an upright stroke. Colours come from the
//! reader's scheme, light or dark, and every line has a mark of its own, so that colour alone carries no meaning.

use std::fmt::Write as _;

use super::axis::{Axis, short};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 88.0;

const STYLE: &str = "text{font:13px sans-serif;fill:#24292f}.title{font-size:15px;font-weight:600}\
.grid{stroke:#d0d7de;stroke-width:1}.axis{stroke:#57606a;stroke-width:1}\
.line{fill:none;stroke-width:2}.spread{stroke-width:1.5}\
.s0{stroke:#0969da;fill:#0969da}.s1{stroke:#bc4c00;fill:#bc4c00}.s2{stroke:#1a7f37;fill:#1a7f37}.s3{stroke:#8250df;fill:#8250df}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.grid{stroke:#30363d}.axis{stroke:#8b949e}\
.s0{stroke:#58a6ff;fill:#58a6ff}.s1{stroke:#f0883e;fill:#f0883e}.s2{stroke:#3fb950;fill:#3fb950}.s3{stroke:#bc8cff;fill:#bc8cff}}\
.line{fill:none}";

/// A figure at a place, with its spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// Along the horizontal axis.
    pub(crate) x: f64,
    /// The median.
    pub(crate) y: f64,
    /// The lowest and the highest.
    pub(crate) spread: (f64, f64),
}

impl Point {
    /// The median and the spread of the figures.
    pub(crate) fn of(x: f64, figures: impl IntoIterator<Item = f64>) -> Self {
        let spread = crate::spread::Spread::of(figures);
        Self {
            x,
            y: spread.median,
            spread: (spread.lowest, spread.highest),
        }
    }
}

/// Points that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What the legend calls it.
    pub(crate) name: String,
    /// From left to right.
    pub(crate) points: Vec<Point>,
}

/// A plot.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    /// The file's name, without its ending.
    pub(crate) file: &'static str,
    /// What it shows.
    pub(crate) title: String,
    /// What lies along the horizontal axis, with its unit.
    pub(crate) x: &'static str,
    /// What lies along the vertical axis, with its unit.
    pub(crate) y: &'static str,
    /// Whether each axis is logarithmic.
    pub(crate) logarithmic: (bool, bool),
    /// Names of the places along the horizontal axis; with them bars are drawn, and `x` of a point is its place.
    pub(crate) places: Vec<String>,
    /// At most four.
    pub(crate) lines: Vec<Line>,
}

impl Plot {
    /// The picture.
    pub(crate) fn svg(&self) -> String {
        let mut canvas = Canvas::of(self);
        canvas.frame(self);
        for (number, line) in self.lines.iter().enumerate() {
            if self.places.is_empty() {
                canvas.line(number, line);
            } else {
                canvas.bars(number, line, (self.places.len(), self.lines.len()));
            }
            canvas.legend(number, &line.name);
        }
        canvas.text.push_str("</svg>\n");
        canvas.text
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        self.lines.iter().flat_map(|line| &line.points)
    }
}

struct Canvas {
    text: String,
    x: Axis,
    y: Axis,
}

impl Canvas {
    fn of(plot: &Plot) -> Self {
        let x = Axis::holding(plot.points().map(|point| point.x), plot.logarithmic.0);
        let highest = plot.points().flat_map(|point| [point.y, point.spread.1]);
        let y = Axis::holding(highest, plot.logarithmic.1);
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\">\n\
             <title>{0}</title>\n<style>{STYLE}</style>\n",
            escaped(&plot.title)
        );
        Self { text, x, y }
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "{element}");
    }

    fn words(&mut self, (x, y): (f64, f64), more: &str, words: &str) {
        let words = escaped(words);
        self.put(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\"{more}>{words}</text>"
        ));
    }

    fn frame(&mut self, plot: &Plot) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        self.words((LEFT, 22.0), " class=\"title\"", &plot.title);
        for tick in self.y.ticks() {
            let y = self.down(tick);
            self.put(format_args!(
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>"
            ));
            self.words((LEFT - 8.0, y + 4.0), " text-anchor=\"end\"", &short(tick));
        }
        for (x, name) in self.places(plot) {
            self.words((x, bottom + 18.0), " text-anchor=\"middle\"", &name);
        }
        self.put(format_args!(
            "<path class=\"axis\" fill=\"none\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>"
        ));
        let middle = f64::midpoint(LEFT, right);
        self.words((middle, bottom + 38.0), " text-anchor=\"middle\"", plot.x);
        let turned = format!(
            " text-anchor=\"middle\" transform=\"rotate(-90 16 {0:.0})\"",
            f64::midpoint(TOP, bottom)
        );
        self.words((16.0, f64::midpoint(TOP, bottom)), &turned, plot.y);
    }

    /// What is written along the horizontal axis.
    fn places(&self, plot: &Plot) -> Vec<(f64, String)> {
        if plot.places.is_empty() {
            let ticks = self.x.ticks().into_iter();
            return ticks.map(|tick| (self.across(tick), short(tick))).collect();
        }
        let room = (WIDTH - LEFT - RIGHT) / plot.places.len() as f64;
        let middle = |place: usize| LEFT + room * (place as f64 + 0.5);
        let names = plot.places.iter().enumerate();
        names
            .map(|(place, name)| (middle(place), name.clone()))
            .collect()
    }

    fn line(&mut self, number: usize, line: &Line) {
        let mut path = String::new();
        for point in &line.points {
            let (x, y) = (self.across(point.x), self.down(point.y));
            let command = if path.is_empty() { 'M' } else { 'L' };
            // Writing into a string cannot fail.
            let _ = write!(path, "{command}{x:.1} {y:.1}");
            self.spread(number, x, point.spread);
            self.mark(number, (x, y));
        }
        self.put(format_args!(
            "<path class=\"s{number} line\" d=\"{path}\"/>"
        ));
    }

    fn bars(&mut self, number: usize, line: &Line, (places, lines): (usize, usize)) {
        let room = (WIDTH - LEFT - RIGHT) / places as f64;
        let width = room * 0.7 / lines as f64;
        for point in &line.points {
            let left = LEFT + room * (point.x + 0.15) + width * number as f64;
            let (top, bottom) = (self.down(point.y), HEIGHT - BOTTOM);
            let height = bottom - top;
            self.put(format_args!(
                "<rect class=\"s{number}\" fill-opacity=\"0.75\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            ));
            let middle = left + width / 2.0;
            self.spread(number, middle, point.spread);
            let above = top.min(self.down(point.spread.1)) - 6.0;
            let label = short_label(point.y);
            self.words((middle, above), " text-anchor=\"middle\"", &label);
        }
    }

    fn spread(&mut self, number: usize, x: f64, (low, high): (f64, f64)) {
        let (low, high) = (self.down(low), self.down(high));
        self.put(format_args!(
            "<path class=\"s{number} spread\" d=\"M{x:.1} {low:.1}V{high:.1}\"/>"
        ));
    }

    /// A circle, a square, a triangle, a diamond.
    fn mark(&mut self, number: usize, (x, y): (f64, f64)) {
        match number {
            0 => self.put(format_args!(
                "<circle class=\"s0\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"
            )),
            1 => self.path_mark(number, (x, y), "m-4 -4h8v8h-8z"),
            2 => self.path_mark(number, (x, y), "m0 -5l5 9h-10z"),
            _ => self.path_mark(number, (x, y), "m0 -5l5 5l-5 5l-5 -5z"),
        }
    }

    fn path_mark(&mut self, number: usize, (x, y): (f64, f64), shape: &str) {
        self.put(format_args!(
            "<path class=\"s{number}\" d=\"M{x:.1} {y:.1}{shape}\"/>"
        ));
    }

    fn legend(&mut self, number: usize, name: &str) {
        let (x, y) = (LEFT + 160.0 * number as f64, HEIGHT - 18.0);
        self.mark(number, (x + 5.0, y - 4.0));
        self.words((x + 16.0, y), "", name);
    }

    fn across(&self, figure: f64) -> f64 {
        LEFT + self.x.place(figure) * (WIDTH - LEFT - RIGHT)
    }

    fn down(&self, figure: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(figure) * (HEIGHT - TOP - BOTTOM)
    }
}

/// What stands above a bar: three digits are enough there.
fn short_label(figure: f64) -> String {
    if figure >= 100.0 {
        short((figure / 10.0).round() * 10.0)
    } else {
        short((figure * 100.0).round() / 100.0)
    }
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(places: Vec<String>) -> Plot {
        let points = |by: f64| {
            (0..3)
                .map(|x| Point::of(f64::from(x), [by, by * 2.0]))
                .collect()
        };
        let line = |number: u8| Line {
            name: format!("line <{number}> & \"more\""),
            points: points(f64::from(number) * 100.0),
        };
        Plot {
            file: "a",
            title: "Rates > 1 & more".to_owned(),
            x: "in flight",
            y: "workflows/s",
            logarithmic: (false, false),
            places,
            lines: (0..4).map(line).collect(),
        }
    }

    /// Every element that is opened is closed in order, and every attribute is quoted.
    fn demand_well_formed(text: &str) {
        let mut open = Vec::new();
        let mut rest = text;
        while let Some(from) = rest.find('<') {
            assert!(!rest[..from].contains('>'), "a stray bracket");
            let to = from + rest[from..].find('>').expect("the tag ends");
            let tag = &rest[from + 1..to];
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            let name = |tag: &str| tag.split([' ', '/']).next().unwrap_or_default().to_owned();
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed.to_owned()));
            } else if !tag.ends_with('/') {
                open.push(name(tag));
            }
            rest = &rest[to + 1..];
        }
        assert!(open.is_empty(), "{open:?}");
        let ampersands = text.split('&').skip(1);
        for after in ampersands {
            assert!(
                ["amp;", "lt;", "gt;", "quot;"]
                    .iter()
                    .any(|entity| after.starts_with(entity))
            );
        }
    }

    #[test]
    fn a_plot_is_well_formed() {
        let names = ["a", "b", "c"].map(str::to_owned);
        demand_well_formed(&plot(vec![]).svg());
        demand_well_formed(&plot(names.to_vec()).svg());
    }

    #[test]
    fn a_higher_figure_stands_higher() {
        let canvas = Canvas::of(&plot(vec![]));
        assert!(canvas.down(500.0) < canvas.down(100.0));
        assert!(canvas.across(2.0) > canvas.across(1.0));
    }
}
