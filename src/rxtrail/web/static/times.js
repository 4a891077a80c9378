// Times are sent in UTC and shown in the reader's own zone, with the zone named.
const FORMAT = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", year: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
});

for (const element of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(element.dateTime);
  if (/T.*(Z|[+-]\d\d:?\d\d)$/.test(element.dateTime) && !Number.isNaN(moment.getTime())) {
    element.title = element.textContent;
    element.textContent = FORMAT.format(moment);
  }
}
