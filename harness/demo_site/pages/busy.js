addEventListener("load", () => setTimeout(() => { for (;;); }, 0));
