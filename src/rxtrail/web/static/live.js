// What changes on this node while a page is open, from its stream of events.

// A recall that begins, is answered or ends: told with its id, state, title and products.
export function followRecalls(told) {
  new EventSource("/api/v1/stream").addEventListener("recall", (event) => {
    let recall;
    try {
      recall = JSON.parse(event.data);
    } catch {
      return; // not ours
    }
    told(recall);
  });
}
