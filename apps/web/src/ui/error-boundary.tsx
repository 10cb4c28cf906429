import { Component, type ErrorInfo, type ReactNode } from "react";
import { ErrorState } from "./message.tsx";

interface Props {
  /** What broke, in the sentence "… could not be shown". */
  what: string;
  children: ReactNode;
}

interface State {
  error: unknown;
}

/** Keeps a defect in one panel from taking the others with it. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null };

  static getDerivedStateFromError(error: unknown): State {
    return { error };
  }

  override componentDidCatch(error: unknown, info: ErrorInfo): void {
    console.error(`${this.props.what} failed to render`, error, info.componentStack);
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <ErrorState
        title={`${this.props.what} could not be shown`}
        message={error instanceof Error ? error.message : String(error)}
        onRetry={() => this.setState({ error: null })}
      />
    );
  }
}
