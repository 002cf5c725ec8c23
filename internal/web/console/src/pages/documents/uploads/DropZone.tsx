import { Button, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./DropZone.module.css";

interface Props {
  name: string; // of the collection
  onFiles: (files: File[]) => void;
  children?: ReactNode; // options
}

/** Takes files by drag and drop or through the file dialog, many at once. */
export function DropZone({ name, onFiles, children }: Props) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  // Children fire enter and leave too: only as many leaves as enters mean outside.
  const depth = useRef(0);
  const [over, setOver] = useState(false);

  const move = (by: number) => (e: DragEvent) => {
    e.preventDefault();
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  };
  const drop = (e: DragEvent) => {
    e.preventDefault();
    depth.current = 0;
    setOver(false);
    const files = [...e.dataTransfer.files];
    if (files.length > 0) onFiles(files);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the mouse; the button inside does the same for the keyboard
    <div
      className={classes.zone}
      data-over={over || undefined}
      onDragEnter={move(1)}
      onDragLeave={move(-1)}
      onDragOver={(e) => e.preventDefault()}
      onDrop={drop}
      data-testid="drop-zone"
    >
      <input
        ref={input}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        aria-label={t("documents.choose")}
        data-testid="upload-input"
        onChange={(e) => {
          const files = [...(e.currentTarget.files ?? [])];
          // Emptied, so that choosing the same file again is a change.
          e.currentTarget.value = "";
          if (files.length > 0) onFiles(files);
        }}
      />
      <IconUpload size={24} stroke={1.6} aria-hidden className={classes.sign} />
      <div className={classes.text}>
        <Text size="sm" fw={600}>
          {over ? t("documents.dropNow", { name }) : t("documents.drop")}
        </Text>
        <Text size="xs" c="dimmed">
          {t("documents.dropTypes")}
        </Text>
      </div>
      <div className={classes.side}>
        {children}
        <Button variant="light" onClick={() => input.current?.click()}>
          {t("documents.choose")}
        </Button>
      </div>
    </div>
  );
}
