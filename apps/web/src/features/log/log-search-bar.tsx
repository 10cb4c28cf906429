import { CaseSensitive, ChevronDown, ChevronUp, Regex, Search, X } from "lucide-react";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import type { SearchStatus } from "../../core/log/log-search.ts";
import { IconButton } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { TextField } from "../../ui/text-field.tsx";
import { formatCount } from "../output/format.ts";
import type { LogActions } from "./log-actions.ts";

/** Typing is searched for once it rests, in milliseconds. */
const TYPING_MS = 300;

export function LogSearchBar({ log }: { log: LogActions }) {
  const [text, setText] = useState("");
  const [regex, setRegex] = useState(false);
  const [matchCase, setMatchCase] = useState(false);
  const status = useStore(log.search.store);
  const bytes = useStore(log.lines.store, (state) => state.bytes);

  useEffect(() => {
    const timer = setTimeout(() => log.find({ text, regex, matchCase }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [log, text, regex, matchCase]);

  const isSearched = (): boolean => {
    const { query } = log.search.store.getState();
    return query?.text === text && query.regex === regex && query.matchCase === matchCase;
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key === "Enter") {
      event.preventDefault();
      if (text === "" || isSearched()) log.step(event.shiftKey ? -1 : 1);
      else log.find({ text, regex, matchCase });
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (status.running) log.search.cancel();
      else if (text !== "") setText("");
      log.elements.box?.focus();
    }
  };

  return (
    <search className="log-search">
      <div className="log-search-field">
        <Search size={12} aria-hidden />
        <TextField
          ref={(element) => {
            log.elements.searchField = element;
          }}
          className="h-6 pl-6"
          aria-label="Search the log"
          placeholder="Search the whole log"
          value={text}
          maxLength={1000}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <Toggle label="Upper and lower case differ" on={matchCase} onChange={setMatchCase}>
        <CaseSensitive size={14} aria-hidden />
      </Toggle>
      <Toggle label="Regular expression" on={regex} onChange={setRegex}>
        <Regex size={13} aria-hidden />
      </Toggle>
      <IconButton
        label="Previous line found"
        keys="Shift+F3"
        disabled={status.hits.length === 0}
        onClick={() => log.step(-1)}
      >
        <ChevronUp size={14} aria-hidden />
      </IconButton>
      <IconButton label="Next line found" keys="F3" disabled={status.hits.length === 0} onClick={() => log.step(1)}>
        <ChevronDown size={14} aria-hidden />
      </IconButton>
      {status.running ? (
        <IconButton label="Stop searching" onClick={() => log.search.cancel()}>
          <X size={13} aria-hidden />
        </IconButton>
      ) : null}
      <output className={cx("log-found", status.message !== null && status.message !== "Stopped." && "nb-fail")}>
        {words(status, bytes)}
      </output>
    </search>
  );
}

interface ToggleProps {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
  children: React.ReactNode;
}

function Toggle({ label, on, onChange, children }: ToggleProps) {
  return (
    <IconButton label={label} aria-pressed={on} className={cx(on && "log-on")} onClick={() => onChange(!on)}>
      {children}
    </IconButton>
  );
}

function words({ query, running, searched, matched, hits, current, message }: SearchStatus, bytes: number): string {
  if (query === null) return "";
  const found = matched === 1 ? "1 line" : `${formatCount(matched)} lines`;
  const place = current === null ? found : `${formatCount(current + 1)} of ${found}`;
  const listed = hits.length < matched ? `, the first ${formatCount(hits.length)} listed` : "";
  if (running) return `${place} · ${bytes > 0 ? Math.min(99, Math.floor((100 * searched) / bytes)) : 0} %`;
  if (message !== null) return matched > 0 ? `${place} · ${message}` : message;
  return matched === 0 ? "Nothing found" : `${place}${listed}`;
}
