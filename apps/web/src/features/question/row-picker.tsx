import type { Form } from "@opsbook/notebook/session";
import { useId } from "react";
import type { Draft } from "./values.ts";

export interface RowPickerProps {
  form: Form;
  value: Draft[string];
  onChange: (value: Draft[string]) => void;
  error: string | undefined;
}

/** Rows of a table to choose one or several from. */
export function RowPicker({ form, value, onChange, error }: RowPickerProps) {
  const name = useId();
  const many = form.properties.value?.type === "array";
  const chosen = Array.isArray(value) ? value : [];
  const choose = (index: number, on: boolean) => {
    if (!many) onChange(String(index));
    else onChange(form.rows?.flatMap((_, at) => ((at === index ? on : chosen.includes(at)) ? [at] : [])));
  };
  return (
    <div className="nb-rows" aria-invalid={error !== undefined}>
      <table>
        <thead>
          <tr>
            <th scope="col" aria-label="Chosen" />
            {form.columns?.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {form.rows?.map((row, index) => {
            const on = many ? chosen.includes(index) : value === String(index);
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place; rows never move
              <tr key={index} data-chosen={on}>
                <td>
                  <input
                    type={many ? "checkbox" : "radio"}
                    name={name}
                    aria-label={row[0] ?? `Row ${index + 1}`}
                    checked={on}
                    onChange={(event) => choose(index, event.target.checked)}
                  />
                </td>
                {row.map((text, at) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: columns never move
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the row's own input has the keyboard
                  <td key={at} onClick={() => choose(index, !on)}>
                    {text}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {error === undefined ? null : (
        <span className="nb-field-error" role="alert">
          {error}
        </span>
      )}
    </div>
  );
}
