//! An axis of a plot: from a figure to a place, and the figures that are written at it.

/// An axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    logarithmic: bool,
}

impl Axis {
    /// One that holds all figures: a linear one begins at nought, a logarithmic one at a power of ten.
    pub(super) fn holding(figures: impl IntoIterator<Item = f64>, logarithmic: bool) -> Self {
        let usable = |figure: &f64| figure.is_finite() && (!logarithmic || *figure > 0.0);
        let figures: Vec<f64> = figures.into_iter().filter(usable).collect();
        let most = figures.iter().copied().fold(0.0, f64::max);
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        if logarithmic {
            let low = 10_f64.powf(least.min(most.max(1.0)).log10().floor());
            let high = 10_f64.powf(most.max(low * 10.0).log10().ceil());
            return Self {
                low,
                high,
                logarithmic,
            };
        }
        let step = step_of(if most > 0.0 { most } else { 1.0 });
        let high = (most / step).ceil().max(1.0) * step;
        Self {
            low: 0.0,
            high,
            logarithmic,
        }
    }

    /// Where a figure stands, from 0 to 1.
    pub(super) fn place(&self, figure: f64) -> f64 {
        let place = if self.logarithmic {
            (figure.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (figure - self.low) / (self.high - self.low)
        };
        place.clamp(0.0, 1.0)
    }

    /// The figures that are written at it.
    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let decades = (self.high / self.low).log10().round() as i32;
            return (0..=decades)
                .map(|decade| self.low * 10_f64.powi(decade))
                .collect();
        }
        let step = step_of(self.high);
        let count = (self.high / step).round() as usize;
        (0..=count).map(|tick| tick as f64 * step).collect()
    }
}

/// A round step, 1, 2 or 5 times a power of ten, of which three to seven reach so far.
fn step_of(far: f64) -> f64 {
    let rough = far / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let fits = round.into_iter().find(|step| *step >= rough * 0.999);
    fits.unwrap_or(power * 10.0)
}

/// A figure as short as it can be read.
pub(super) fn short(figure: f64) -> String {
    let (figure, unit) = match figure.abs() {
        above if above >= 1e6 => (figure / 1e6, "M"),
        above if above >= 1e3 => (figure / 1e3, "k"),
        _ => (figure, ""),
    };
    let text = format!("{figure:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_has_round_ticks() {
        let axis = Axis::holding([3.0, 870.0], false);
        assert_eq!(axis.ticks(), [0.0, 200.0, 400.0, 600.0, 800.0, 1_000.0]);
        assert_eq!(axis.place(500.0), 0.5);
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten() {
        let axis = Axis::holding([20.0, 900.0], true);
        let ticks: Vec<String> = axis.ticks().into_iter().map(short).collect();
        assert_eq!(ticks, ["10", "100", "1k"]);
        assert!((axis.place(100.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn an_axis_of_nothing_can_be_drawn() {
        for logarithmic in [false, true] {
            let axis = Axis::holding([], logarithmic);
            assert!(axis.place(1.0).is_finite());
            assert!(axis.ticks().len() >= 2);
        }
    }
}
