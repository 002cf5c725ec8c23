import { Skeleton, Stack } from "@mantine/core";

/** The shape of a page while it is on its way. */
export function PageSkeleton() {
  return (
    <Stack gap="md" aria-busy="true">
      <Skeleton h={30} w={220} mb="sm" />
      <Skeleton h={104} radius="lg" />
      <Skeleton h={280} radius="lg" />
    </Stack>
  );
}

export function RowsSkeleton({ rows = 5, height = 54 }: { rows?: number; height?: number }) {
  return (
    <Stack gap={8} aria-busy="true">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <Skeleton key={i} h={height} radius="md" />
      ))}
    </Stack>
  );
}
