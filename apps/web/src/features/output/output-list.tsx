import type { SessionOutput } from "@opsbook/notebook/session";
import { memo } from "react";
import { ErrorBoundary } from "../../ui/error-boundary.tsx";
import { DisplayOutput } from "./display-output.tsx";
import { ErrorOutput } from "./error-output.tsx";
import { StreamOutput } from "./stream-output.tsx";

export const OutputList = memo(function OutputList({ outputs }: { outputs: readonly SessionOutput[] }) {
  return outputs.map((output) => (
    <div key={output.id} className="nb-output" data-output={output.output_type}>
      <ErrorBoundary what="This output">
        <OneOutput output={output} />
      </ErrorBoundary>
    </div>
  ));
});

function OneOutput({ output }: { output: SessionOutput }) {
  switch (output.output_type) {
    case "stream":
      return <StreamOutput output={output} />;
    case "error":
      return <ErrorOutput output={output} />;
    case "display_data":
    case "execute_result":
      return <DisplayOutput output={output} />;
  }
}
