//! The paths of the API: one file for each noun.

mod adapter_calls;
mod adapters;
mod admin;
mod answers;
mod apply;
mod audit_heads;
mod backup;
mod batch;
mod bulk_answers;
mod callbacks;
mod check;
mod correlations;
mod dead_letters;
mod decision_links;
mod decisions;
mod definitions;
mod deliveries;
mod event_lines;
mod event_reads;
mod events;
mod failures;
mod history;
mod hooks;
mod ingest;
mod instance;
mod list;
mod log_levels;
mod metrics;
mod operation_verbs;
mod operations;
mod past;
mod replay;
mod resources;
mod routers;
mod schedules;
mod stats;
mod step_verbs;
mod submit;
mod system;
mod verbs;
mod windows;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, post};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::dashboard;
use crate::door::{gate, wrong_method};
use crate::openapi;
use crate::pages;
use crate::peers;
use crate::state::Door;

pub(crate) use apply::apply_failed;
pub(crate) use instance::{all_records, lane_of};
pub(crate) use list::behind;

/// Everything that the server answers.
pub fn router(door: Arc<Door>) -> Router {
    let (api, document) = documented();
    let gate = axum::middleware::from_fn_with_state(Arc::clone(&door), gate);
    api.merge(pages::routes(&document))
        // As the brief has it, without the base.
        .route("/workflows/{id}/events", any(events::of_one))
        .fallback(dashboard::page_or_nothing)
        .method_not_allowed_fallback(wrong_method)
        .layer(gate)
        // Other nodes come by another address, and prove themselves in their own way.
        .route(peers::PATH, post(peers::link))
        .with_state(door)
}

/// The routes that the OpenAPI document lists, and the document.
pub(crate) fn documented() -> (Router<Arc<Door>>, OpenApi) {
    let api = OpenApiRouter::new()
        .routes(routes!(submit::submit, list::list))
        .routes(routes!(batch::submit_batch))
        .routes(routes!(list::count))
        .routes(routes!(instance::get, instance::delete))
        .routes(routes!(instance::steps))
        .routes(routes!(instance::attempts))
        .routes(routes!(instance::cancel))
        .routes(routes!(verbs::signal))
        .routes(routes!(verbs::pause))
        .routes(routes!(verbs::resume))
        .routes(routes!(replay::replay))
        .routes(routes!(past::retry))
        .routes(routes!(past::restore))
        .routes(routes!(past::migrate))
        .routes(routes!(step_verbs::skip))
        .routes(routes!(step_verbs::complete))
        .routes(routes!(step_verbs::fail))
        .routes(routes!(step_verbs::retry))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::get))
        .routes(routes!(dead_letters::reprocess))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(operations::create, operations::list))
        .routes(routes!(operations::get))
        .routes(routes!(operations::turn))
        .routes(routes!(history::history))
        .routes(routes!(history::state))
        .routes(routes!(events::of_one))
        .routes(routes!(events::of_all))
        .routes(routes!(ingest::take, event_reads::list))
        .routes(routes!(event_reads::get))
        .routes(routes!(windows::list))
        .routes(routes!(windows::get))
        .routes(routes!(correlations::correlation))
        .routes(routes!(correlations::journey))
        .routes(routes!(hooks::receive))
        .routes(routes!(stats::stats))
        .routes(routes!(failures::failures))
        .merge(resource_routes())
        .merge(people_routes());
    let root = OpenApiRouter::with_openapi(openapi::head())
        .nest("/api/v1", api)
        .routes(routes!(system::live))
        .routes(routes!(system::ready))
        .routes(routes!(metrics::metrics));
    root.split_for_parts()
}

fn resource_routes() -> OpenApiRouter<Arc<Door>> {
    OpenApiRouter::new()
        .routes(routes!(definitions::list))
        .routes(routes!(apply::validate))
        .routes(routes!(definitions::get))
        .routes(routes!(definitions::pin))
        .routes(routes!(definitions::version))
        .routes(routes!(definitions::explain))
        .routes(routes!(adapters::list))
        .routes(routes!(adapters::get, adapters::set_limits))
        .routes(routes!(adapter_calls::call))
        .routes(routes!(adapters::switch))
        .routes(routes!(adapters::switch_target))
        .routes(routes!(routers::list))
        .routes(routes!(routers::get))
        .routes(routes!(routers::explain))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::deliveries))
        .routes(routes!(deliveries::redeliver))
        .routes(routes!(schedules::list))
        .routes(routes!(schedules::get))
        .routes(routes!(schedules::next))
        .routes(routes!(schedules::turn))
        .routes(routes!(resources::policies))
        .routes(routes!(resources::environments))
        .routes(routes!(apply::apply))
}

fn people_routes() -> OpenApiRouter<Arc<Door>> {
    OpenApiRouter::new()
        .routes(routes!(decisions::list))
        .routes(routes!(decisions::get))
        .routes(routes!(answers::approve))
        .routes(routes!(answers::reject))
        .routes(routes!(answers::amend))
        .routes(routes!(answers::delegate))
        .routes(routes!(bulk_answers::answer_many))
        .routes(routes!(decision_links::show, decision_links::answer))
        .routes(routes!(audit_heads::heads, audit_heads::check))
        .routes(routes!(admin::audit))
        .routes(routes!(admin::tasks))
        .routes(routes!(callbacks::complete))
        .routes(routes!(callbacks::fail))
        .routes(routes!(system::system))
        .routes(routes!(check::check))
        .routes(routes!(system::pause))
        .routes(routes!(system::resume))
        .routes(routes!(system::drain))
        .routes(routes!(system::undrain))
        .routes(routes!(backup::back_up))
        .routes(routes!(system::nodes))
        .routes(routes!(system::partitions))
        .routes(routes!(log_levels::get, log_levels::set))
}
