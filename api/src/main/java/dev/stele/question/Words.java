package dev.stele.question;

import java.util.List;

/** A record that people see as one cell, and programs as its fields. */
interface Words {
  /** What people see, from the left to the right. */
  List<Object> words();
}
