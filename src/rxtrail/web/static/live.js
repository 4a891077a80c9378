// What changes on this node while a page is open, from its stream of events.

function follow(kind, told) {
  new EventSource("/api/v1/stream").addEventListener(kind, (event) => {
    let changed;
    try {
      changed = JSON.parse(event.data);
    } catch {
      return; // not ours
    }
    told(changed);
  });
}

// A recall that begins, is answered or ends: told with its id, state, title and products.
export const followRecalls = (told) => follow("recall", told);

// An alert that is opened, or about which somebody did something: told with its id, state, rule and severity.
export const followAlerts = (told) => follow("alert", told);
