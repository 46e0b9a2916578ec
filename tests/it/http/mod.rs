//! What holds for every request, whatever it asks for.

mod edge;
mod limits;
mod probes;
mod shutdown;
mod slow;
