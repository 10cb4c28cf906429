export interface NotebookViewProps {
  path: string;
  visible: boolean;
}

export function NotebookView({ path }: NotebookViewProps) {
  return <section aria-label={path} />;
}
