import type { FormField } from "@opsbook/notebook/session";
import type { Draft } from "./values.ts";

/** More options than these are a list to pull down. */
const MOST_RADIOS = 6;

export interface FieldProps {
  id: string;
  /** Null where the form's title names it. */
  label: string | null;
  labelledBy: string;
  field: FormField;
  required: boolean;
  value: Draft[string];
  onChange: (value: Draft[string]) => void;
  error: string | undefined;
}

export function Field(props: FieldProps) {
  const { id, label, field, required, error } = props;
  const grouped = field.type === "array" || isRadio(field);
  const title =
    label === null ? null : grouped ? (
      <span id={`${id}-label`} className="nb-field-label">
        {label}
        {required ? null : <Optional field={field} />}
      </span>
    ) : (
      <label htmlFor={id} className="nb-field-label">
        {label}
        {required ? null : <Optional field={field} />}
      </label>
    );
  return (
    <div className="nb-field">
      {title}
      <div className="nb-field-input">
        <Input {...props} />
        {label !== null && field.description ? (
          <span id={`${id}-note`} className="nb-question-note">
            {field.description}
          </span>
        ) : null}
        {field.secret ? <span className="nb-question-note">Not stored, and scrubbed from outputs.</span> : null}
        {error === undefined ? null : (
          <span id={`${id}-error`} className="nb-field-error" role="alert">
            {error}
          </span>
        )}
      </div>
    </div>
  );
}

const Optional = ({ field }: { field: FormField }) =>
  field.type === "boolean" || field.default !== undefined ? null : <span className="nb-dim"> optional</span>;

const isRadio = ({ type, enum: options }: FormField): boolean =>
  type !== "array" && options !== undefined && options.length <= MOST_RADIOS;

function Input({ id, label, labelledBy, field, required, value, onChange, error }: FieldProps) {
  const name = label === null ? labelledBy : `${id}-label`;
  const described = [error === undefined ? "" : `${id}-error`, field.description && label !== null ? `${id}-note` : ""];
  const common = {
    id,
    "aria-invalid": error !== undefined,
    "aria-describedby": described.filter(Boolean).join(" ") || undefined,
    "aria-required": required,
    ...(label === null ? { "aria-labelledby": labelledBy } : {}),
  };
  const { type, enum: options, secret, multiline } = field;
  if (type === "boolean")
    return (
      <input
        {...common}
        type="checkbox"
        checked={value === true}
        onChange={(event) => onChange(event.target.checked)}
      />
    );
  if (type === "array") return <Checks name={name} options={options ?? []} value={value} onChange={onChange} />;
  if (isRadio(field))
    return (
      <div role="radiogroup" aria-labelledby={name} className="nb-options" aria-invalid={error !== undefined}>
        {options?.map((option) => (
          <label key={option} className="nb-option">
            <input
              type="radio"
              name={id}
              checked={value === String(option)}
              onChange={() => onChange(String(option))}
            />
            <span>{option}</span>
          </label>
        ))}
      </div>
    );
  const text = typeof value === "string" ? value : "";
  if (options)
    return (
      <select {...common} value={text} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose…</option>
        {options.map((option) => (
          <option key={option} value={String(option)}>
            {option}
          </option>
        ))}
      </select>
    );
  const input = { ...common, value: text, autoComplete: "off", spellCheck: false };
  if (multiline) return <textarea {...input} rows={4} onChange={(event) => onChange(event.target.value)} />;
  const numeric = type === "number" || type === "integer";
  return (
    <input
      {...input}
      type={secret ? "password" : "text"}
      inputMode={numeric ? "decimal" : "text"}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

interface ChecksProps {
  name: string;
  options: readonly (string | number)[];
  value: Draft[string];
  onChange: (value: (string | number)[]) => void;
}

function Checks({ name, options, value, onChange }: ChecksProps) {
  const chosen = Array.isArray(value) ? value : [];
  const toggle = (option: string | number, on: boolean) =>
    // In the order of the options, whatever the order of the clicks.
    onChange(options.filter((other) => (other === option ? on : chosen.includes(other))));
  return (
    <fieldset aria-labelledby={name} className="nb-options">
      {options.map((option) => (
        <label key={option} className="nb-option">
          <input
            type="checkbox"
            checked={chosen.includes(option)}
            onChange={(event) => toggle(option, event.target.checked)}
          />
          <span>{option}</span>
        </label>
      ))}
    </fieldset>
  );
}
