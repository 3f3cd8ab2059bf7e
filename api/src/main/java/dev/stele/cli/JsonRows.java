package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Columns;
import dev.stele.question.Rows;
import java.io.PrintWriter;

/** An object a line, so that the first can be used before the last is known. */
record JsonRows<T>(PrintWriter out, Columns<T> columns) implements Rows<T> {
  @Override
  public void add(T row) {
    out.println(row instanceof JsonNode json ? json : columns.json(row));
  }

  @Override
  public void close() {
    out.flush();
  }
}
