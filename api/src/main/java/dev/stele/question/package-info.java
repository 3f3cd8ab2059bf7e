/**
 * What can be asked of the record, each question stated once: its name and address, its parameters,
 * the fields of a row and how pages follow each other. HTTP (JSON and CSV) and the command line are
 * made from that. A new question is a method here, an entry in {@link dev.stele.question.Questions}
 * and an operation in {@code openapi.yaml}.
 */
package dev.stele.question;
