//! What holds for every request, whatever it asks for.

mod bodies;
mod connections;
mod cors;
mod edge;
mod headers;
mod hosts;
mod limits;
mod probes;
mod shutdown;
mod slow;
